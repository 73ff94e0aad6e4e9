"""What a command printed, in one line for an error."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def last_line(text: str, nothing: str = "no error message") -> str:
    """The last line with a word in it: of a traceback the error itself.

    Args:
        text: all that was printed.
        nothing: what to say when there is no such line.

    >>> last_line("Traceback (most recent call last):\\n  x = 1\\n\\nOSError: no room\\n}\\n")
    'OSError: no room'
    """
    lines = [line.strip() for line in text.splitlines() if any(map(str.isalpha, line))]
    return lines[-1] if lines else nothing


def printed(run: dict[str, Any]) -> str:
    """All that a command printed: its output, then its errors. Records of before the two were
    kept apart have both in the output.

    Args:
        run: a command's record, see `vcperf.testbeds.contract.CommandRecord`.
    """
    return str(run["output"]) + str(run.get("errors", ""))


def reason(run: dict[str, Any]) -> str:
    """Why a command failed: the last line of its errors, else the signal that killed it, else the
    last line of its output.

    >>> reason({"output": "step 1 is done", "status": -9})
    'it was killed by signal 9'
    """
    status = run.get("status", 0)
    own = killed(status) if status < 0 else last_line(run["output"])
    return last_line(run.get("errors", ""), own)


def killed(status: int) -> str:
    """The words for a status below 0, which subprocess gives to what a signal ended."""
    return f"it was killed by signal {-status}"
