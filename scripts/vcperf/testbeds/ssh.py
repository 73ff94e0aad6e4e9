"""Hosts reached by OpenSSH: one connection a host, shared by all that is run there.

The user's own configuration, agent and known hosts hold. A *keeper* is the ssh process
that holds a host's connection (a control master), and on a node the lock that keeps
other campaigns away; both end with it, however that ends.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import select
import shlex
import socket
import subprocess
import sys

from vcperf.errors import VcperfError
from vcperf.testbeds.said import last_line
from vcperf.testbeds.shell import BEGIN, FEED, HOLD, MARK, NOT_FOUND, SESSION

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

CONTROL_FOLDER = "VCPERF_SSH_CONTROL"  # in the environment: where the campaign's sockets are
CONNECT_S = 10  # where the user's configuration names no ConnectTimeout
PATIENCE_S = 90
BATCH_S = 120
SSH_FAILED = 255  # ssh(1), exit status: an error of its own
# Lines of ssh that follow from the cause.
AFTERMATH = (
    "UNKNOWN port",
    "kex_exchange_identification",
    "stdio forwarding failed",
    "Disconnected from",
)


class Connections:
    """Connections to hosts.

    Args:
        config: a configuration file for ssh; None for the user's own.
    """

    def __init__(self, config: str | None) -> None:
        self.config = config
        self.shared = os.environ.get(CONTROL_FOLDER)
        self.folder = self.shared or f".snakemake/ssh/{os.getpid()}"
        self.keepers: dict[str, subprocess.Popen[bytes]] = {}

    def open(self, hosts: Mapping[str, bool]) -> dict[str, str]:
        """Open what is not open yet, side by side.

        Args:
            hosts: ssh destination -> whether to take the host's lock.

        Returns what went wrong, host -> one line; nothing for hosts that answer.
        """
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        wanted = [host for host in hosts if not self._is_open(host)]
        started = {host: self._keep(host) for host in wanted}
        faults = {}
        machines: dict[str, str] = {}
        for host, keeper in started.items():
            said = line_from(keeper.stdout, PATIENCE_S, BEGIN)
            if not said:
                faults[host] = f"{host}: {_gave_up(keeper)}"
                continue
            self.keepers[host] = keeper
            if hosts[host]:
                machines[said] = host  # two names may be one machine
        # Everyone in the same order: no two campaigns wait for each other.
        for _, host in sorted(machines.items()):
            fault = _lock(host, self.keepers[host])
            if fault:
                faults[host] = fault
        return faults

    def close(self) -> None:
        """End the connections that we opened."""
        for keeper in self.keepers.values():
            keeper.kill()
        for host, keeper in self.keepers.items():
            keeper.wait()
            self._forget(host)
        self.keepers.clear()
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)

    def batch(
        self, commands: Mapping[str, Sequence[Sequence[str]]]
    ) -> dict[str, list[tuple[int, str]]]:
        """Run commands one after the other on each host, the hosts side by side.

        Args:
            commands: ssh destination -> argument lists.

        Returns ssh destination -> (status, output) of each command; of one that failed
        with the errors of all of them. Raises VcperfError naming the host that did not
        answer.
        """
        running = {}
        for host, argvs in commands.items():
            lines = [f"{shlex.join(argv)}; s=$?; echo; echo '{MARK}' $s" for argv in argvs]
            script = "\n".join([f"echo '{BEGIN}'; echo '{BEGIN}' >&2", *lines])
            running[host] = self._start(host, ["sh", "-c", script], stdin=subprocess.DEVNULL)
        results = {}
        try:
            for host, process in running.items():
                output, errors = _communicate(host, process)
                results[host] = _batch_results(output, errors)
                if len(results[host]) != len(commands[host]):
                    raise VcperfError(f"{host}: {why(process.returncode, errors)}")
        finally:
            for process in running.values():
                process.kill()
                process.wait()
        return results

    def ask_once(
        self, questions: Mapping[str, Sequence[Sequence[str]]]
    ) -> dict[str, list[tuple[int, str]]]:
        """As `batch`, for what cannot change while a connection lasts: a campaign's blocks
        find the answers of the first that asked. Commands that failed are asked again."""
        answers = {}
        notes = {
            host: f"{self._socket(host)}.{_digest(repr(argvs))}"
            for host, argvs in questions.items()
        }
        for host, note in notes.items():
            with contextlib.suppress(OSError), open(note, encoding="utf-8") as handle:
                answers[host] = [tuple(answer) for answer in json.load(handle)]
        asked = self.batch({h: argvs for h, argvs in questions.items() if h not in answers})
        for host, results in asked.items():
            if self.shared and not any(status for status, _ in results):
                partial = f"{notes[host]}.{os.getpid()}"
                with open(partial, "w", encoding="utf-8") as handle:
                    json.dump(results, handle)
                os.replace(partial, notes[host])
        return answers | asked

    def feed(self, host: str, argv: Sequence[str], content: bytes) -> bytes:
        """Run a command with an input; returns what it prints. (Not as an argument: some ssh
        servers take command lines of 9000 bytes at most.)

        Raises VcperfError naming the host, when the command fails or does not end.
        """
        fed = ["sh", "-c", FEED, "vcperf", *argv]
        process = self._start(host, fed, stdin=subprocess.PIPE)
        output, errors = _communicate(host, process, content)
        if process.returncode:
            raise VcperfError(f"{host}: {why(process.returncode, errors)}")
        return output.partition(f"{BEGIN}\n".encode())[2]

    def session(
        self, host: str, argv: Sequence[str], prefix: Sequence[str] = (), port: int = 0
    ) -> tuple[subprocess.Popen[bytes], int]:
        """Start a command that ends when we close its input, or end.

        Args:
            host: ssh destination.
            argv: the command.
            prefix: what the whole session runs under, such as `taskset -c 0`.
            port: of a server, the TCP port that it is waited to listen on.

        Returns our end of it, an ssh with what SESSION says on its stderr and what the
        command prints on its stdout, and the file descriptor to close.
        """
        theirs, ours = os.pipe()
        command = [*prefix, "sh", "-c", SESSION, "vcperf", f"{port:04X}" if port else "", *argv]
        try:
            process = self._start(host, command, stdin=theirs)
        finally:
            os.close(theirs)
        line_from(process.stdout, PATIENCE_S, BEGIN)
        return process, ours

    def _start(self, host: str, argv: Sequence[str], stdin: int) -> subprocess.Popen[bytes]:
        full = [*self._ssh(host), "-o", "ControlMaster=no", host, shlex.join(argv)]
        pipe = subprocess.PIPE
        return subprocess.Popen(full, stdin=stdin, stdout=pipe, stderr=pipe, bufsize=0)

    def _keep(self, host: str) -> subprocess.Popen[bytes]:
        # A connection that persists would outlive its keeper.
        options = ["-o", "ControlMaster=yes", "-o", "ControlPersist=no"]
        options += ["-o", "ServerAliveInterval=10", *self._connect_timeout(host)]
        pipe, script = subprocess.PIPE, shlex.join(["sh", "-c", HOLD])
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self._ssh(host), *options, host, script],
            stdin=pipe,  # its other end is ours alone: it ends with us
            stdout=pipe,
            stderr=pipe,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for the campaign, which ends its keepers last
        )

    def _ssh(self, host: str) -> list[str]:
        options = ["-o", "BatchMode=yes", "-o", f"ControlPath={self._socket(host)}"]
        return ["ssh", *(["-F", self.config] if self.config else []), *options]

    def _connect_timeout(self, host: str) -> list[str]:
        """ConnectTimeout, unless the configuration has one: an option would override it."""
        argv = [*self._ssh(host), "-G", host]
        shown = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
        named = [line for line in shown.splitlines() if line.startswith("connecttimeout ")]
        ours = not named or named[0].endswith(" none")
        return ["-o", f"ConnectTimeout={CONNECT_S}"] if ours else []

    def _is_open(self, host: str) -> bool:
        """Whether a keeper answers for a host; what a killed one has left is removed."""
        with socket.socket(socket.AF_UNIX) as link:
            try:
                link.connect(self._socket(host))
            except OSError:
                self._forget(host)
                return False
        return True

    def _forget(self, host: str) -> None:
        """Remove a host's socket, and the answers that hold while its connection lasts."""
        for file in glob.glob(f"{glob.escape(self._socket(host))}*"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file)

    def _socket(self, host: str) -> str:
        # Short: a socket's path has 108 bytes.
        return f"{self.folder}/{_digest(host)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _lock(host: str, keeper: subprocess.Popen[bytes]) -> str:
    """Take a host's lock; wait, and say for whom, when it is taken. Returns a fault."""
    assert keeper.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended, and says why
        keeper.stdin.write(b"lock\n")
    said = line_from(keeper.stdout, PATIENCE_S)
    if said == "busy":
        print(f"Waiting: another campaign is measuring on {host}.", file=sys.stderr, flush=True)
        said = line_from(keeper.stdout, None)
    if said == "locked 0":
        return ""
    if said == f"locked {NOT_FOUND}":
        why_not = "there is no flock; install it there (util-linux)"
    elif said:
        why_not = last_line(_end(keeper).decode("utf-8", errors="replace"))
    else:
        why_not = _gave_up(keeper)
    return f"{host}: cannot be locked: {why_not}"


def line_from(stream: IO[bytes] | None, patience_s: float | None, mark: str = "") -> str:
    """The next line that a host says, from a mark on: what login scripts print ahead of it is
    passed over. Empty past the patience (s; for each line), or at the end."""
    assert stream is not None
    while select.select([stream], [], [], patience_s)[0]:
        line = stream.readline().decode(errors="replace")
        if not line or mark in line:
            return line[line.find(mark) :].strip()
    return ""


def _gave_up(keeper: subprocess.Popen[bytes]) -> str:
    """End a keeper that does not hold its host; returns why it does not."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        keeper.wait(1)  # it may have ended by itself, and says why
    return reason(_end(keeper))


def _end(keeper: subprocess.Popen[bytes]) -> bytes:
    """End a keeper; returns what was said on its stderr."""
    keeper.kill()
    assert keeper.stderr is not None
    return keeper.stderr.read()


def _communicate(
    host: str, process: subprocess.Popen[bytes], content: bytes | None = None
) -> tuple[bytes, bytes]:
    """What a command prints, and its errors. Raises VcperfError when it does not end."""
    try:
        return process.communicate(content, timeout=BATCH_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise VcperfError(f"{host}: did not answer within {BATCH_S} s") from None


def _own(printed: bytes) -> str:
    """What a command printed, from where it began."""
    text = printed.decode("utf-8", errors="replace")
    ahead, found, own = text.partition(f"{BEGIN}\n")
    return own if found else ahead


def _batch_results(output: bytes, errors: bytes) -> list[tuple[int, str]]:
    """What each command of a batch printed; on failure with what went to stderr."""
    said = _own(errors)
    results = []
    lines: list[str] = []
    for line in _own(output).split("\n"):
        if line.startswith(MARK):
            status, text = int(line[len(MARK) :]), "\n".join(lines)
            results.append((status, f"{text}{said}" if status else text))
            lines = []
        else:
            lines.append(line)
    return results


def why(status: int, errors: bytes) -> str:
    """Why something did not run on a host: ssh gave up, or its own last words.

    Args:
        status: that ssh ended with, as subprocess gives it.
        errors: all that was said on its stderr.
    """
    if status < 0 or status == SSH_FAILED:
        return reason(errors)
    return last_line(_own(errors), f"status {status}")


def reason(errors: bytes) -> str:
    """Why ssh gave up, in one line."""
    text = errors.decode("utf-8", errors="replace").replace("\r", "")
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and line != BEGIN and "mux_client" not in line]

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
    said = (causes or lines or ["the connection was lost"])[-1]
    return f"cannot be reached by ssh ({said})"
