"""What testbeds on hosts reached by ssh have in common: connections, commands, ports."""

from __future__ import annotations

import contextlib
import os

from vcperf.basics.text import reason
from vcperf.errors import VcperfError
from vcperf.testbeds import emulated, network, node_locks, remote_files
from vcperf.testbeds.background import Background
from vcperf.testbeds.remote_sessions import Session, Sessions
from vcperf.testbeds.ssh import Connections

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, Self

    from vcperf.testbeds.cluster import Cluster
    from vcperf.testbeds.contract import CommandRecord
    from vcperf.tools.host_settings import Settings


class RemoteTestbed:
    """Base of the testbeds whose nodes are reached by ssh. See `vcperf.testbeds.contract`.

    Args:
        spec: a block's spec; each of its nodes has `ssh`, a destination; `ends` has
            `ssh` and `address` of the domains in which something runs.
        context: see `vcperf.measure.block.main`.
    """

    tools: Mapping[str, str] = {"ssh": "openssh-client", "setpriv": "util-linux"}
    profilers: Mapping[str, str] = {}
    threads: Sequence[str] = ()
    guest_options: Sequence[str] = ()
    accounts = False
    by_ssh = True
    system = "Linux"
    one_interface = False

    def __init__(self, spec: dict[str, Any], context: dict[str, Any]) -> None:
        self.spec = spec
        self.context = context
        self.nodes: dict[str, dict[str, Any]] = spec["nodes"]
        self.ssh = Connections(context.get("ssh_config"))
        self._locks: list[int] = []
        self.sessions = Sessions(self.ssh, self._place, self.ended)

    @staticmethod
    def options(section: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing: there is nothing to choose."""
        return {}

    @staticmethod
    def link(section: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing: the network between hosts is theirs."""
        return {}

    @staticmethod
    def locks_this_machine(context: Mapping[str, Any]) -> bool:
        """Whether it runs the nodes, in emulators. The nodes are locked over their connections."""
        return bool(context.get(emulated.PID_FILES))

    @staticmethod
    def hold(specs: Iterable[Mapping[str, Any]], context: Mapping[str, Any]) -> list[str]:
        """Connect and lock the nodes, see `vcperf.testbeds.node_sessions.hold`."""
        from vcperf.testbeds import node_sessions  # its imports are not for blocks

        return node_sessions.hold(specs, context.get("ssh_config"))

    @staticmethod
    def settings(
        specs: Sequence[Mapping[str, Any]], context: Mapping[str, Any]
    ) -> dict[str, Settings]:
        """Those of nodes, and of domains that are hosts of their own."""
        from vcperf.testbeds import settings  # its imports are not for blocks

        return settings.by_ssh(specs, context.get("ssh_config"))

    # -- what a testbed may replace -------------------------------------------------------

    def bring_up(self) -> None:
        """What a testbed does once its hosts are connected."""

    def host(self, domain: str) -> str:
        """The ssh destination on which a domain's commands run."""
        return str(self.spec["ends"][domain]["ssh"])

    def enter_argv(self, domain: str) -> list[str]:
        """A prefix for whatever runs in a domain, once on its host."""
        return []

    def ended(self, session: Session) -> None:
        """Called once for each command, when it has ended and its record is complete."""

    # -- coming and going ---------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            nodes = {node["ssh"]: True for node in self.nodes.values()}
            used = {self.host(domain): False for domain in self.spec["ends"]}
            faults = self.ssh.open({**used, **nodes})
            if faults:
                raise VcperfError("; ".join(faults.values()))
            self._locks = node_locks.take(self.ssh, self.nodes, self.context)
            self.bring_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.sessions.close()
        self.ssh.close()
        while self._locks:
            os.close(self._locks.pop())

    @contextlib.contextmanager
    def connected(self) -> Iterator[Self]:
        """The connections to the domains' hosts alone: nothing is locked, brought up or pinned.

        Raises VcperfError when a host does not answer.
        """
        try:
            faults = self.ssh.open({self.host(domain): False for domain in self.spec["ends"]})
            if faults:
                raise VcperfError("; ".join(faults.values()))
            yield self
        finally:
            self.__exit__()

    def _place(self, domain: str) -> tuple[str, list[str]]:
        return self.host(domain), self.enter_argv(domain)

    # -- running ------------------------------------------------------------------------

    def run(self, domain: str, argv: list[str], timeout_s: float) -> CommandRecord:
        """Run a command in a domain to its end.

        Raises VcperfError past the timeout, when it prints too much, and when the connection
        breaks.
        """
        return self.sessions.end(self.sessions.start(domain, argv), timeout_s)

    @contextlib.contextmanager
    def serve(self, domain: str, argv: list[str], port: int) -> Iterator[CommandRecord]:
        """Keep a server running in a domain, from when it listens on `port`."""
        session = self.sessions.start(domain, argv, port)
        if session.note("listening", "silent") != "listening":
            why = reason(self.sessions.stop(session))
            raise VcperfError(f"domain {domain}: {argv[0]} does not listen on port {port}: {why}")
        try:
            yield session.record
        finally:
            self.sessions.stop(session)

    @contextlib.contextmanager
    def background(self, domain: str, argv: list[str]) -> Iterator[Background]:
        """Run a command meanwhile; what still runs at the context's end gets SIGTERM."""
        session = self.sessions.start(domain, argv)
        running = Background(
            session.record,
            session.process,
            lambda timeout_s: int(self.sessions.end(session, timeout_s)["status"]),
            lambda: self.sessions.cut(session),
            session.process.kill,
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
        there, files = remote_files.new_folder(), {"program.pyz": remote_files.bundle(folder)}
        with remote_files.kept(self.sessions, domain, there, files):
            yield f"{there}/program.pyz"

    def cluster(
        self, domains: list[str], files: list[str]
    ) -> contextlib.AbstractContextManager[Cluster]:
        """How an MPI launcher in the first of the domains reaches them all, see
        `vcperf.testbeds.remote_mpi`.

        Raises VcperfError when they have no network interface of one name.
        """
        from vcperf.testbeds import remote_mpi  # its imports are only for MPI

        addresses = {domain: self.address(domain) for domain in domains}
        listed = {
            domain: self._ask_once(domain, ["sh", "-c", remote_mpi.INTERFACE, "vcperf", address])[1]
            for domain, address in addresses.items()
        }
        interface = remote_mpi.common_interface(listed, addresses)
        return remote_mpi.cluster(self.sessions, addresses, interface, files)

    # -- what it says of domains and hosts -------------------------------------------------

    def address(self, domain: str) -> str:
        """The domain's address, as the testbed file gives it."""
        return str(self.spec["ends"][domain]["address"])

    def received_bytes(self, domain: str) -> int:
        """What a domain's network interfaces have received so far."""
        return network.received_bytes(self._read(domain, network.DEV))

    def free_port(self, domain: str, preferred: int) -> int:
        """A TCP port that nothing in the domain listens on, `preferred` if possible."""
        return network.free_port(self._read(domain, *network.TCP), preferred)

    def has(self, domain: str, program: str) -> bool:
        """Whether a domain has a program."""
        return self._ask_once(domain, ["test", "-x", program])[0] == 0

    def others_run(self) -> bool:
        """False: nobody looks. Hosts answer within a round trip or two by ssh, which a busy
        host, or an emulated one, makes longer than the noise it would find; so they are
        asked only when a block has been disturbed."""
        return False

    def emulators(self) -> list[int]:
        """See `vcperf.testbeds.emulated.pids`."""
        return emulated.pids(self.nodes, self.context)

    def observe_this_machine(self) -> dict[str, Any]:
        """See `vcperf.testbeds.emulated.observe`."""
        return emulated.observe(self.nodes, self.context)

    def _read(self, domain: str, *files: str) -> str:
        """What files of a domain hold now, one after the other."""
        host = self.host(domain)
        ((_, text),) = self.ssh.batch({host: [["cat", *files]]})[host]
        return text

    def _ask_once(self, domain: str, argv: list[str]) -> tuple[int, str]:
        """Status and output of a command whose answer cannot change meanwhile."""
        host = self.host(domain)
        (answer,) = self.ssh.ask_once({host: [argv]})[host]
        return answer
