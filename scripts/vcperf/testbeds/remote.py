"""What testbeds on hosts reached by ssh have in common: connections, commands, ports."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time

from vcperf.errors import VcperfError
from vcperf.testbeds import Cluster, processes
from vcperf.testbeds.background import Background
from vcperf.testbeds.said import last_line
from vcperf.testbeds.ssh import Connections, why

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vcperf.testbeds import CommandRecord

STOP_S = 10.0
LISTENING = "0A"  # TCP_LISTEN, in the kernel's include/net/tcp_states.h
# Keeps the new folder $1 for files until its end, and says so; then says what is written into
# the FIFO `requests` there (see scripts/ask-launch).
HOLD_FOLDER = """
folder=$1
mkdir -m 700 "$folder" || exit 1
end() {
  for agent in "$folder"/[0-9]*; do
    [ ! -p "$agent" ] || echo "143 the campaign has ended" 1<>"$agent"
  done
  rm -rf "$folder"
  exit 0
}
trap end TERM
trap "" PIPE # what the shell says of its children must not end it when nobody listens
mkfifo "$folder/requests"
echo "$folder"
while :; do cat <>"$folder/requests" & wait $!; done
"""
KEEP = 'cat >"$1" && chmod 700 "$1"'
SCRIPTS = os.path.abspath(f"{os.path.dirname(__file__)}/../..")
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

    def says(self, *words: str) -> str:
        """The next line that it says of itself, which begins with one of these words; at its
        end all that was said instead. (A login script and ssh have lines of their own.)"""
        assert self.process.stderr is not None
        others = ""
        while line := self.process.stderr.readline().decode(errors="replace"):
            if line.startswith(words):
                return line.strip()
            others += line
        return others


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
        # Held while sessions come, go or are looked at: MPI starts some meanwhile.
        self.guard = threading.RLock()

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
        sessions = list(self.sessions)
        for session in sessions:
            os.close(session.lifeline)
        for session in sessions:
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
        session = self.start(domain, argv)
        try:
            return self.end(session, timeout_s)
        except subprocess.TimeoutExpired:
            raise VcperfError(
                f"domain {domain}: {argv[0]} did not end within {timeout_s:g} s"
            ) from None

    @contextlib.contextmanager
    def serve(self, domain: str, argv: list[str], port: int) -> Iterator[CommandRecord]:
        """Keep a server running in a domain, from when it listens on `port`."""
        session = self.start(domain, argv, port)
        if session.says("listening", "silent") != "listening":
            said = last_line(self._stop(session)["output"])
            raise VcperfError(f"domain {domain}: {argv[0]} does not listen on port {port}: {said}")
        try:
            yield session.record
        finally:
            self._stop(session)

    @contextlib.contextmanager
    def background(self, domain: str, argv: list[str]) -> Iterator[Background]:
        """Run a command meanwhile; what still runs at the context's end gets SIGTERM."""
        session = self.start(domain, argv)
        running = Background(
            session.record,
            session.process,
            lambda: int(self.end(session, STOP_S)["status"]),
            lambda: self.cut(session),
        )
        try:
            yield running
        finally:
            running.stop()

    @contextlib.contextmanager
    def program(self, domain: str, folder: str) -> Iterator[str]:
        """Keep a Python program in a domain: its bundle, a file that goes when the context
        or the connection ends.

        Raises VcperfError when there is no room for it.
        """
        there = _new_folder()
        with self._kept(domain, there, {"program.pyz": _bundle(folder)}):
            yield f"{there}/program.pyz"

    @contextlib.contextmanager
    def _kept(self, domain: str, folder: str, files: dict[str, bytes]) -> Iterator[Session]:
        """Keep files in a new folder of a domain; the session that does."""
        session = self.start(domain, ["sh", "-c", HOLD_FOLDER, "vcperf", folder])
        assert session.process.stdout is not None
        said = session.process.stdout.readline().decode(errors="replace").strip()
        if said != folder:
            raise VcperfError(f"domain {domain}: cannot keep files: {last_line(said)}")
        try:
            for name, content in files.items():
                argv = ["sh", "-c", KEEP, "vcperf", f"{folder}/{name}"]
                self.ssh.feed(self.host(domain), argv, content)
            yield session
        finally:
            self._stop(session)

    # -- MPI ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def cluster(self, domains: list[str], files: list[str]) -> Iterator[Cluster]:
        """How an MPI launcher in the first of the domains reaches them all, by an agent that
        asks us, with copies of files of this host in each.

        Raises VcperfError when they have no network interface of one name.
        """
        from vcperf.testbeds import remote_mpi  # what it imports is MPI's alone

        folder, program = _new_folder(), f"{SCRIPTS}/{remote_mpi.AGENT}"
        # The agent in all of them: daemons look for it, and only the first domain's is asked.
        copies = {os.path.basename(file): _content(file) for file in [*files, program]}
        addresses = {self.address(domain): domain for domain in domains}
        interface = self._interface(domains)
        with contextlib.ExitStack() as there:
            for domain in reversed(domains):
                session = there.enter_context(self._kept(domain, folder, copies))
            relay = remote_mpi.Relay(self, session, folder, addresses)
            agent = f"{folder}/{remote_mpi.AGENT}"
            try:
                paths = [f"{folder}/{os.path.basename(file)}" for file in files]
                yield Cluster(list(addresses), interface, agent, [], [], paths)
            finally:
                relay.close()

    def _interface(self, domains: list[str]) -> str:
        """The network interface that has each domain's address, of one name everywhere."""
        from vcperf.testbeds import remote_mpi

        names = {}
        for domain in domains:
            host, address = self.host(domain), self.address(domain)
            asked = [["sh", "-c", remote_mpi.INTERFACE, "vcperf", address]]
            ((_, said),) = self.ssh.ask_once({host: asked})[host]
            names[domain] = remote_mpi.interface_of(said)
            if not names[domain]:
                raise VcperfError(f"domain {domain}: no network interface there has {address}")
        if len(set(names.values())) > 1:
            told = ", ".join(f"{name} in {domain}" for domain, name in names.items())
            raise VcperfError(f"MPI needs network interfaces of one name: it is {told}")
        return names[domains[0]]

    def received_bytes(self, domain: str) -> int:
        """What a domain's network interfaces have received so far.

        Format: proc(5), /proc/net/dev: after the name the bytes received.
        """
        host = self.host(domain)
        ((_, text),) = self.ssh.batch({host: [["cat", "/proc/net/dev"]]})[host]
        counts = (line.partition(":")[2].split() for line in text.splitlines())
        return sum(int(count[0]) for count in counts if count)

    def has(self, domain: str, program: str) -> bool:
        """Whether a domain has a program."""
        host = self.host(domain)
        return self.ssh.ask_once({host: [["test", "-x", program]]})[host][0][0] == 0

    def tell(self, domain: str, argv: list[str]) -> None:
        """Run a command that takes no time beside all others, in no domain's account; a
        connection that is lost shows elsewhere."""
        with contextlib.suppress(VcperfError):
            self.ssh.batch({self.host(domain): [argv]})

    def free_port(self, domain: str, preferred: int) -> int:
        """A TCP port that nothing in the domain listens on, `preferred` if it may be."""
        # Format: proc(5), /proc/net/tcp: the second field is the local address, in
        # hexadecimal, the fourth the state. A server of IPv6 takes a port of IPv4 as well.
        host = self.host(domain)
        argv = ["cat", "/proc/net/tcp", "/proc/net/tcp6"]
        ((_, text),) = self.ssh.batch({host: [argv]})[host]
        rows = [line.split() for line in text.splitlines()]
        taken = {
            int(row[1].rpartition(":")[2], 16)
            for row in rows
            if len(row) > 3 and row[3] == LISTENING
        }
        return next(port for port in range(preferred, 65536) if port not in taken)

    def start(self, domain: str, argv: list[str], port: int = 0) -> Session:
        """Start a command in a domain. Raises VcperfError when it does not start."""
        host, prefix = self.host(domain), self.enter_argv(domain)
        record = {"domain": domain, "host": host, "argv": [*prefix, *argv], "start": time.time()}
        session = Session(record, *self.ssh.session(host, argv, prefix, port))
        with self.guard:
            self.sessions.append(session)
        said = session.says("started ")
        if not said.startswith("started "):
            _, errors = session.process.communicate(timeout=STOP_S)
            fault = why(session.process.returncode, said.encode() + errors)
            raise VcperfError(f"domain {domain}: {host}: {fault}")
        session.pid = int(said.split()[1])
        return session

    def _stop(self, session: Session) -> CommandRecord:
        """End a server; returns its record."""
        self.cut(session)
        return self.end(session, STOP_S)

    def cut(self, session: Session) -> None:
        """Tell a command to end, unless it has."""
        with self.guard:
            if session in self.sessions:
                os.close(session.lifeline)
                session.lifeline = os.open(os.devnull, os.O_RDONLY)

    def end(self, session: Session, timeout_s: float | None) -> CommandRecord:
        """Wait for a command's end.

        Returns its record, complete. Raises VcperfError when the connection broke.
        """
        output, errors = session.process.communicate(timeout=timeout_s)
        with self.guard:
            return self._ended_record(session, output, errors)

    def _ended_record(self, session: Session, output: bytes, errors: bytes) -> CommandRecord:
        self.sessions.remove(session)
        os.close(session.lifeline)
        record = session.record
        record["end"] = time.time()
        record["output"] = output.decode("utf-8", errors="replace")
        record["session"] = errors.decode("utf-8", errors="replace")
        status = [line for line in record["session"].splitlines() if line.startswith("status ")]
        if not status:
            fault = why(session.process.returncode, errors)
            raise VcperfError(f"domain {record['domain']}: {record['host']}: {fault}")
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


def _new_folder() -> str:
    """A name for a folder on other hosts that nobody can have taken."""
    return f"/tmp/vcperf.{os.urandom(8).hex()}"


def _content(file: str) -> bytes:
    with open(file, "rb") as handle:
        return handle.read()


def _bundle(folder: str) -> bytes:
    """A program of scripts/workloads/ as one file; each has a command that writes it."""
    with tempfile.NamedTemporaryFile(suffix=".pyz") as file:
        subprocess.run([sys.executable, folder, "bundle", file.name], check=True)
        return file.read()
