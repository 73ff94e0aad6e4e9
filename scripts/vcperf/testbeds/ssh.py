"""Hosts reached by OpenSSH: one connection per host, shared by all that is run there.

The user's own configuration, agent and known hosts hold. A *keeper* is the ssh process
that holds a host's connection (a control master), and on a node the lock that keeps
other campaigns away; both end with it, however that ends.

One host may be this machine: what would run there by ssh runs here, by the same shell programs. Its
keeper is such a program, and holds the lock alone.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import shlex
import socket
import subprocess

from vcperf.basics.files import write_whole
from vcperf.errors import VcperfError
from vcperf.running import host_lock
from vcperf.testbeds import ssh_keeper
from vcperf.testbeds.session_shell import BEGIN, FEED, HOLD, MARK, SESSION
from vcperf.testbeds.ssh_faults import from_the_mark, why

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

CONTROL_FOLDER = "VCPERF_SSH_CONTROL"  # in the environment: where the campaign's sockets are
HERE = "this machine"  # in the place of a destination; no ssh knows one with a blank
CONNECT_S = 10  # where the user's configuration names no ConnectTimeout
BATCH_S = 120
# Machine -> the keeper of this process that has its lock; others of this process need not wait.
_locked: dict[str, subprocess.Popen[bytes]] = {}


def destination(node: Mapping[str, Any]) -> str:
    """Where the commands of a node of a testbed file run: its ssh destination, or HERE."""
    return HERE if node.get("here") else str(node["ssh"])


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
        self._timeouts: dict[str, list[str]] = {}

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
            machine = ssh_keeper.line_from(keeper.stdout, ssh_keeper.PATIENCE_S, BEGIN)
            if not machine:
                faults[host] = f"{host}: {ssh_keeper.why_it_ended(keeper)}"
                continue
            self.keepers[host] = keeper
            if self.shared:
                with write_whole(self._machine_note(host)) as note:
                    note.write(machine)
            if hosts[host] and not _is_ours(machine):
                machines[machine] = host  # two names may be one machine
        # Everyone in the same order: no two campaigns wait for each other.
        for machine, host in sorted(machines.items()):
            fault = ssh_keeper.lock(host, self.keepers[host])
            if fault:
                faults[host] = fault
            else:
                _locked[machine] = self.keepers[host]
        return faults

    def machine(self, host: str) -> str:
        """Which boot of which machine a host is; its name where that is not known. Two names may
        be one machine."""
        try:
            with open(self._machine_note(host), encoding="utf-8") as note:
                return note.read()
        except OSError:
            return host

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

    def drop(self, host: str) -> None:
        """End a host's connection, whoever opened it: the host is about to go, and what a block
        asks it next would wait for it in vain."""
        argv = [*self._ssh(host), "-O", "exit", host]
        subprocess.run(argv, capture_output=True, check=False)
        keeper = self.keepers.pop(host, None)
        if keeper:
            keeper.kill()
            keeper.wait()
        self._forget(host)

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

    def in_order(self, commands: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[int, str]]:
        """As `batch`, for a list of (ssh destination, argument list); answers are in its order."""
        by_host: dict[str, list[Sequence[str]]] = {}
        for host, argv in commands:
            by_host.setdefault(host, []).append(argv)
        answers = {host: iter(found) for host, found in self.batch(by_host).items()}
        return [next(answers[host]) for host, _ in commands]

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
                with write_whole(notes[host]) as handle:
                    json.dump(results, handle)
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

        Returns our end of it, an ssh with the lines of SESSION on its stderr and what the
        command prints on its stdout; and the file descriptor to close.
        """
        theirs, ours = os.pipe()
        command = [*prefix, "sh", "-c", SESSION, "vcperf", f"{port:04X}" if port else "", *argv]
        try:
            process = self._start(host, command, stdin=theirs)
        finally:
            os.close(theirs)
        ssh_keeper.line_from(process.stdout, ssh_keeper.PATIENCE_S, BEGIN)
        return process, ours

    def _start(self, host: str, argv: Sequence[str], stdin: int) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        if host == HERE:
            # In a session of its own: Ctrl-C is for us, and ends it by its input.
            return subprocess.Popen(
                argv, stdin=stdin, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True
            )
        # Of a connection of its own: ssh makes one when the keeper's is lost or has no room.
        options = ["-o", "ControlMaster=no", *self._connect_timeout(host)]
        full = [*self._ssh(host), *options, host, shlex.join(argv)]
        return subprocess.Popen(full, stdin=stdin, stdout=pipe, stderr=pipe, bufsize=0)

    def _keep(self, host: str) -> subprocess.Popen[bytes]:
        holding = ["sh", "-c", HOLD]
        if host != HERE:
            # A connection that persists would outlive its keeper.
            options = ["-o", "ControlMaster=yes", "-o", "ControlPersist=no"]
            options += ["-o", "ServerAliveInterval=10", *self._connect_timeout(host)]
            holding = [*self._ssh(host), *options, host, shlex.join(holding)]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *holding],
            stdin=pipe,  # only we have its other end: it ends with us
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
        if host not in self._timeouts:
            argv = [*self._ssh(host), "-G", host]
            shown = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
            named = [line for line in shown.splitlines() if line.startswith("connecttimeout ")]
            ours = not named or named[0].endswith(" none")
            self._timeouts[host] = ["-o", f"ConnectTimeout={CONNECT_S}"] if ours else []
        return self._timeouts[host]

    def _is_open(self, host: str) -> bool:
        """Whether a keeper answers for a host; what a killed one has left is removed. This machine
        is open where the campaign has a note of it, which goes with the campaign."""
        if host == HERE:
            return host in self.keepers or bool(
                self.shared and os.path.exists(self._machine_note(host))
            )
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

    def _machine_note(self, host: str) -> str:
        return f"{self._socket(host)}.machine"


def _is_ours(machine: str) -> bool:
    """Whether this process has a machine's lock already, by a connection or as its own host."""
    keeper = _locked.get(machine)
    by_keeper = keeper is not None and keeper.poll() is None
    return by_keeper or host_lock.is_held_by_us(machine.removeprefix(BEGIN).strip())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


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


def _batch_results(output: bytes, errors: bytes) -> list[tuple[int, str]]:
    """What each command of a batch printed; on failure with what went to stderr."""
    own_errors = from_the_mark(errors)
    results = []
    lines: list[str] = []
    for line in from_the_mark(output).split("\n"):
        if line.startswith(MARK):
            status, text = int(line[len(MARK) :]), "\n".join(lines)
            results.append((status, f"{text}{own_errors}" if status else text))
            lines = []
        else:
            lines.append(line)
    return results
