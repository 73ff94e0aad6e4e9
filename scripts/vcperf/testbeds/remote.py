"""What testbeds on hosts reached by ssh have in common: connections, commands, ports."""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import sys
import tempfile
import time

from vcperf.errors import VcperfError
from vcperf.testbeds import processes
from vcperf.testbeds.ssh import Connections, reason

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vcperf.testbeds import CommandRecord

STOP_S = 10.0
LISTENING = "0A"  # TCP_LISTEN, in the kernel's include/net/tcp_states.h
# Writes $1, base64, to a file of its own, says where, and removes it at its end.
HOLD_FILE = """
file=$(mktemp /tmp/vcperf.XXXXXX) || exit 1
trap 'rm -f "$file"; exit 0' TERM
printf %s "$1" | base64 -d >"$file" || { rm -f "$file"; exit 1; }
echo "$file"
while :; do sleep 3600 & wait $!; done
"""
HERE = "this machine"  # in observations: the machine that runs emulated nodes


class Session:
    """A command under way on a host.

    Args:
        record: what the raw record will say of it.
        process: our end of it, an ssh.
        lifeline: the file descriptor whose closing ends it.
        pid: its process there; 0 until it has said so.
    """

    def __init__(
        self, record: CommandRecord, process: subprocess.Popen[bytes], lifeline: int
    ) -> None:
        self.record = record
        self.process = process
        self.lifeline = lifeline
        self.pid = 0

    def says(self) -> str:
        """The next line that it says of itself; empty at its end."""
        assert self.process.stderr is not None
        return self.process.stderr.readline().decode(errors="replace").strip()


class RemoteTestbed:
    """Base of the testbeds whose nodes are reached by ssh.

    Args:
        spec: a block's spec; each of its nodes has `ssh`, a destination; `ends` has
            `ssh` and `address` of the path's two domains.
        context: see `vcperf.measure.block.main`.
    """

    def __init__(self, spec: dict[str, Any], context: dict[str, Any]) -> None:
        self.spec = spec
        self.context = context
        self.nodes: dict[str, dict[str, Any]] = spec["nodes"]
        self.ssh = Connections(context.get("ssh_config"))
        self.sessions: list[Session] = []

    # -- coming and going ---------------------------------------------------------------

    def __enter__(self) -> RemoteTestbed:
        try:
            nodes = {node["ssh"]: True for node in self.nodes.values()}
            used = {self.host(domain): False for domain in self.spec["ends"]}
            faults = self.ssh.open({**used, **nodes})
            if faults:
                raise VcperfError("; ".join(faults.values()))
            self.bring_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def bring_up(self) -> None:
        """What a testbed does once its hosts are connected."""

    def __exit__(self, *_: object) -> None:
        for session in self.sessions:
            os.close(session.lifeline)
        for session in self.sessions:
            with contextlib.suppress(subprocess.TimeoutExpired):
                session.process.wait(STOP_S)
            session.process.kill()
            session.process.wait()
        self.sessions.clear()
        self.ssh.close()

    # -- where things are ---------------------------------------------------------------

    def host(self, domain: str) -> str:
        """The ssh destination on which a domain's commands run."""
        return str(self.spec["ends"][domain]["ssh"])

    def address(self, domain: str) -> str:
        """The domain's address, as the testbed file gives it."""
        return str(self.spec["ends"][domain]["address"])

    def enter_argv(self, domain: str) -> list[str]:
        """A prefix for whatever runs in a domain, once on its host."""
        return []

    # -- running ------------------------------------------------------------------------

    def run(self, domain: str, argv: list[str], timeout_s: float) -> CommandRecord:
        """Run a command in a domain to its end.

        Raises VcperfError past the timeout, and when the connection breaks.
        """
        session = self._start(domain, argv)
        try:
            return self._end(session, timeout_s)
        except subprocess.TimeoutExpired:
            raise VcperfError(
                f"domain {domain}: {argv[0]} did not end within {timeout_s:g} s"
            ) from None

    @contextlib.contextmanager
    def serve(self, domain: str, argv: list[str], port: int) -> Iterator[CommandRecord]:
        """Keep a server running in a domain, from when it listens on `port`."""
        session = self._start(domain, argv, port)
        if session.says() != "listening":
            record = self._stop(session)
            said = record["output"].strip() or "it said nothing"
            raise VcperfError(f"domain {domain}: {argv[0]} does not listen on {port}: {said}")
        try:
            yield session.record
        finally:
            self._stop(session)

    @contextlib.contextmanager
    def program(self, domain: str, folder: str) -> Iterator[str]:
        """Keep a Python program in a domain: its bundle, a file that goes when the context
        or the connection ends.

        Raises VcperfError when there is no room for it.
        """
        bundle = base64.b64encode(_bundle(folder)).decode()
        session = self._start(domain, ["sh", "-c", HOLD_FILE, "vcperf", bundle])
        assert session.process.stdout is not None
        said = session.process.stdout.readline().decode(errors="replace").strip()
        if not said.startswith("/"):
            raise VcperfError(f"domain {domain}: cannot keep a file: {said or 'it said nothing'}")
        try:
            yield said
        finally:
            self._stop(session)

    def free_port(self, domain: str, preferred: int) -> int:
        """A TCP port that nothing in the domain listens on, `preferred` if it may be."""
        # Format: proc(5), /proc/net/tcp: the second field is the local address, in
        # hexadecimal, the fourth the state.
        host = self.host(domain)
        ((_, text),) = self.ssh.ask_once({host: [["cat", "/proc/net/tcp"]]})[host]
        rows = [line.split() for line in text.splitlines()]
        taken = {
            int(row[1].rpartition(":")[2], 16)
            for row in rows
            if len(row) > 3 and row[3] == LISTENING
        }
        return next(port for port in range(preferred, 65536) if port not in taken)

    def _start(self, domain: str, argv: list[str], port: int = 0) -> Session:
        host, prefix = self.host(domain), self.enter_argv(domain)
        record = {"domain": domain, "host": host, "argv": [*prefix, *argv], "start": time.time()}
        session = Session(record, *self.ssh.session(host, argv, prefix, port))
        self.sessions.append(session)
        said = session.says()
        if not said.startswith("started "):
            _, errors = session.process.communicate(timeout=STOP_S)
            raise VcperfError(f"domain {domain}: {host}: {reason(said.encode() + errors)}")
        session.pid = int(said.split()[1])
        return session

    def _stop(self, session: Session) -> CommandRecord:
        """End a server; returns its record."""
        os.close(session.lifeline)
        session.lifeline = os.open(os.devnull, os.O_RDONLY)
        return self._end(session, STOP_S)

    def _end(self, session: Session, timeout_s: float) -> CommandRecord:
        """Wait for a command's end.

        Returns its record, complete. Raises VcperfError when the connection broke.
        """
        output, errors = session.process.communicate(timeout=timeout_s)
        self.sessions.remove(session)
        os.close(session.lifeline)
        record = session.record
        record["end"] = time.time()
        record["output"] = output.decode("utf-8", errors="replace")
        record["session"] = errors.decode("utf-8", errors="replace")
        status = [line for line in record["session"].splitlines() if line.startswith("status ")]
        if not status:
            raise VcperfError(f"domain {record['domain']}: {record['host']}: {reason(errors)}")
        record["status"] = int(status[-1].split()[1])
        return record

    # -- emulated nodes -----------------------------------------------------------------

    def emulators(self) -> list[int]:
        """Processes on this machine that are the nodes; none when those are machines.

        Raises VcperfError when one does not run.
        """
        pids = []
        files = self.context.get("emulator_pid_files", {})
        for name in self.nodes:
            if name in files:
                try:
                    with open(files[name], encoding="ascii") as handle:
                        pid = int(handle.read())
                    os.kill(pid, 0)
                except (OSError, ValueError):
                    raise VcperfError(
                        f"{name}: its emulator does not run ({files[name]})"
                    ) from None
                pids.append(pid)
        return pids

    def others_run(self) -> bool:
        """False: nobody looks. Hosts tell within a round trip or two by ssh, which a busy
        host, or an emulated one, makes longer than the noise it would find; so they are
        asked only when a block has been disturbed."""
        return False

    def observe_here(self) -> dict[str, Any]:
        """What others take of this machine, as a part of an observation, when it runs the
        nodes; else nothing."""
        pids = self.emulators()
        if not pids:
            return {}
        own = sum(map(processes.all_threads_cpu_seconds, pids)) + sum(os.times()[:4])
        return {HERE: processes.host_cpu(own)}


def _bundle(folder: str) -> bytes:
    """A program of scripts/workloads/ as one file; each has a command that writes it."""
    with tempfile.NamedTemporaryFile(suffix=".pyz") as file:
        subprocess.run([sys.executable, folder, "bundle", file.name], check=True)
        return file.read()
