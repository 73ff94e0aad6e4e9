"""Why something did not run on a host reached by ssh."""

from __future__ import annotations

from vcperf.basics.text import last_line
from vcperf.testbeds.session_shell import BEGIN, NOTE

SSH_FAILED = 255  # ssh(1), exit status: an error of its own
# Lines of ssh that follow from the cause.
AFTERMATH = (
    "UNKNOWN port",
    "kex_exchange_identification",
    "stdio forwarding failed",
    "Disconnected from",
)


def why(status: int, errors: bytes) -> str:
    """Why something did not run on a host: ssh gave up, or the last line of its own errors.

    Args:
        status: the exit status of ssh, as subprocess gives it.
        errors: all of its stderr.
    """
    if status < 0 or status == SSH_FAILED:
        return reason(errors)
    lines = [line for line in from_the_mark(errors).splitlines() if not line.startswith(NOTE)]
    return last_line("\n".join(lines), f"status {status}")


def reason(errors: bytes) -> str:
    """Why ssh gave up, in one line.

    Args:
        errors: all of its stderr.
    """
    text = errors.decode("utf-8", errors="replace").replace("\r", "")
    lines = [line.strip() for line in text.splitlines()]
    ours = (BEGIN, NOTE.strip())
    lines = [line for line in lines if line and not line.startswith(ours)]
    lines = [line for line in lines if "mux_client" not in line]

    def line_with(words: str) -> str:
        return next((line for line in lines if words in line), "")

    # The connection that a jump host was to make has no port. Its lines name it.
    jumped = bool(line_with("closed by UNKNOWN port"))
    if line_with("Host key verification failed"):
        changed = line_with("HOST IDENTIFICATION HAS CHANGED")
        named = line_with("you have requested strict checking")
        whose = f"its jump host's key{f' ({named})' if named else ''}" if jumped else "its host key"
        if changed:
            return (
                f"{whose} has changed, so ssh does not trust it; if you know why, remove the old"
                " key (ssh-keygen -R) and run again"
            )
        return f"{whose} is not known; connect once by hand (ssh), or add it to known_hosts"
    refused = line_with("Permission denied (")
    if refused:
        who = "its jump host " if jumped else ""
        return f"{who}refused our key ({refused}); is it in authorized_keys, and in the agent?"
    causes = [line for line in lines if not any(words in line for words in AFTERMATH)]
    cause = (causes or lines or ["the connection was lost"])[-1]
    return f"cannot be reached by ssh ({cause})"


def from_the_mark(printed: bytes) -> str:
    """What a command printed, from where it began (BEGIN); all when that mark is missing."""
    text = printed.decode("utf-8", errors="replace")
    ahead, found, own = text.partition(f"{BEGIN}\n")
    return own if found else ahead
