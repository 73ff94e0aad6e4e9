"""The contract of a testbed: everything that the rest of vcperf uses of one.

A testbed is one class. Planning and preparation ask the class (`TestbedClass`, and `LocalClass`
or `SshClass`), a measurement asks what it opened (`Testbed`), and a profiler asks what it needs
to find the domains (`SampledHere`, `SampledBySsh`, `SampledXen`). Whoever asks looks at these
members and never at the testbed's name.

Types only: no module imports this one while a block is measured. Each testbed's module ends with
a line for mypy that holds its class to the contract; tests/testbeds/test_contract.py holds all
classes of the registry (`vcperf.testbeds`) to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from vcperf.records.observation import Observation
    from vcperf.testbeds.background import Background
    from vcperf.testbeds.cluster import Cluster
    from vcperf.testbeds.ssh import Connections
    from vcperf.tools.host_settings import Settings

Pinning = dict[str, list[list[int]]]
"""domain -> CPUs of its node for each VCPU, or one entry for all of them."""

CommandRecord = dict[str, Any]
"""One command as a raw record keeps it: domain, argv, status, start and end (seconds since
1970), output (its stdout, which is parsed) and errors (its stderr)."""

Node = dict[str, Any]
"""What a spec or a testbed file says of a node."""


class TestbedClass(Protocol):
    """What is known of a testbed before one is brought up."""

    name: str
    """Its name in the configuration and in records."""

    isolation: str
    """How scripts/isolate starts a block: `namespaces` for new ones, or `none`. That script reads
    this line of the module NAME.py."""

    tools: Mapping[str, str]
    """Programs that it needs on this machine -> the Debian package of each."""

    profilers: Mapping[str, str]
    """What its domains can be profiled with -> the module of vcperf.profilers that does it;
    empty where nobody has written one yet."""

    by_ssh: bool
    """Whether its domains are on hosts reached by ssh. Commands start late there, nodes have CPUs
    of their own, and a testbed file says where they are."""

    threads: Sequence[str]
    """What a pinning may say of a guest beside its VCPUs, such as `emulator`: threads of the host
    that work for it. Where they are not named, they are where the VCPUs are; a testbed that has
    none measures without them."""

    guest_options: Sequence[str]
    """What a campaign may choose of a guest beside where it runs, such as `queues`: a guest that
    runs otherwise is started again. A testbed that has none measures without them."""

    accounts: bool
    """Whether an observation has the CPU time of hosts apart from that of their guests
    (`vcperf.kinds.cpu_parts`), so that a figure can show who pays for traffic."""

    one_interface: bool
    """Whether all domains have one network interface: `received_bytes` of each is then what all
    of them received."""

    @staticmethod
    def options(section: Mapping[str, Any]) -> dict[str, Any]:
        """What specs of all blocks say of the testbed's options; empty for one without.

        Args:
            section: the section of the configuration that has the testbed's name.

        Raises VcperfError for an option that this machine cannot have.
        """

    @staticmethod
    def link(section: Mapping[str, Any]) -> dict[str, Any]:
        """What specs of whatever uses several nodes say of how these are joined.

        Args:
            section: the section of the configuration that has the testbed's name.
        """

    @staticmethod
    def locks_this_machine(context: Mapping[str, Any]) -> bool:
        """Whether this machine's CPUs do the work, so that nobody else may measure on it.

        Args:
            context: see `vcperf.measure.block.main`.
        """

    @staticmethod
    def settings(
        specs: Sequence[Mapping[str, Any]], context: Mapping[str, Any]
    ) -> dict[str, Settings]:
        """What its nodes, and domains with settings of their own, are set to; once per campaign.

        Args:
            specs: the specs of blocks that are to be measured.
            context: see `vcperf.measure.block.main`.

        Returns NODE or NODE/DOMAIN -> settings. Raises VcperfError when they cannot be had.
        """


class LocalClass(TestbedClass, Protocol):
    """What is known of a testbed whose nodes are parts of this machine."""

    @staticmethod
    def host_fault() -> str:
        """Why this machine cannot have it and what to do, in one line; empty when it can."""


class SshClass(TestbedClass, Protocol):
    """What is known of a testbed whose nodes are reached by ssh."""

    system: str
    """What its nodes have booted. The same nodes cannot be on testbeds of two systems at once."""

    @staticmethod
    def place(
        node: Node, dom0: str, domains: Iterable[str]
    ) -> tuple[Node, dict[str, dict[str, Any]]]:
        """What specs say of a node.

        Args:
            node: the node's entry in the testbed file.
            dom0: the node's dom0.
            domains: the node's domains that the campaign has, dom0 among them.

        Returns what a spec says of the node, with `ssh`; and domain -> `ssh` and `address`, what
        it says of a domain in which something runs.

        Raises VcperfError that begins with the key at fault, below the node's `domains`.
        """

    @staticmethod
    def hold(specs: Iterable[Mapping[str, Any]], context: Mapping[str, Any]) -> list[str]:
        """Take the nodes of blocks for this process's lifetime, so that no other campaign
        measures on them meanwhile.

        Args:
            specs: the specs of blocks that are to be measured.
            context: see `vcperf.measure.block.main`.

        Returns the hosts that do not answer: their blocks will fail, the others not.
        """


class Testbed(TestbedClass, Protocol):
    """What a measurement may ask of a testbed. As a context it is up."""

    spec: dict[str, Any]

    def __enter__(self) -> Testbed: ...

    def __exit__(self, *_: object) -> None: ...

    def pin(self) -> None:
        """Pin every domain as the spec says. Raises VcperfError when that fails."""

    def wanted_pinning(self) -> Pinning:
        """The spec's pinning, in the words of `observe`."""

    def observe(self) -> Observation:
        """Pinning, CPU time of each domain by the testbed's own account, and noise."""

    def others_run(self) -> bool:
        """Whether others seem to run on the hosts now: a glance that costs a few
        milliseconds; False where a look would take longer."""

    def address(self, domain: str) -> str:
        """Where the domain answers, as an IPv4 address."""

    def run(self, domain: str, argv: list[str], timeout_s: float) -> CommandRecord:
        """Run a command to its end. Raises VcperfError past the timeout."""

    def serve(
        self, domain: str, argv: list[str], port: int
    ) -> AbstractContextManager[CommandRecord]:
        """Keep a server running, from when it listens on the TCP port; its record is
        complete after the context ends."""

    def background(self, domain: str, argv: list[str]) -> AbstractContextManager[Background]:
        """Run a command meanwhile; what still runs at the context's end gets SIGTERM."""

    def cluster(self, domains: list[str], files: list[str]) -> AbstractContextManager[Cluster]:
        """How an MPI launcher in the first of the domains reaches them all.

        Args:
            domains: one for each rank.
            files: files of this machine that each domain needs as long as the context.

        Raises VcperfError when it cannot.
        """

    def has(self, domain: str, program: str) -> bool:
        """Whether a domain has a program at an absolute path."""

    def received_bytes(self, domain: str) -> int:
        """What a domain's network interfaces have received so far."""

    def program(self, domain: str, folder: str) -> AbstractContextManager[str]:
        """A Python program of scripts/workloads/, a folder here, as a path for python3
        in the domain; it is there as long as the context."""

    def free_port(self, domain: str, preferred: int) -> int:
        """A TCP port that nothing in the domain listens on, `preferred` if possible."""

    def facts(self) -> dict[str, Any]:
        """What the record says of the hosts; `host`, `kernel` and `platform` (what the
        domains are, as figures say it) are among it."""


class TestbedBySsh(Testbed, Protocol):
    """What the doctor asks of a testbed whose nodes are reached by ssh."""

    def connected(self) -> AbstractContextManager[Testbed]:
        """The connections to the domains' hosts alone: nothing is locked, brought up or pinned.

        Raises VcperfError when a host does not answer.
        """


class SampledHere(Protocol):
    """What a profiler on this machine asks (`vcperf.profilers.perf`)."""

    helpers: set[int]
    """Processes of ours in no domain; the profiler adds its own, as they are no disturbance."""

    def scratch(self) -> str:
        """A folder for files of the moment; it goes with the testbed."""

    def owners(self) -> tuple[dict[int, str], dict[int, str]]:
        """Network namespace (inode) -> domain, and process -> domain. What a process
        of a domain has started belongs to that domain too."""


class SampledBySsh(Protocol):
    """What a profiler in domains reached by ssh asks (`vcperf.profilers.perf_domains`)."""

    spec: dict[str, Any]
    nodes: dict[str, Node]
    """The spec's nodes, each with `dom0`."""
    ssh: Connections

    def host_of(self, domain: str) -> str:
        """The ssh destination of a dom0, or of a domain in which something runs."""


class SampledHosts(SampledBySsh, Protocol):
    """What a profiler of hosts asks besides (`vcperf.profilers.perf_hosts`)."""

    def guest_processes(self, name: str) -> dict[int, str]:
        """Processes and threads on a node, by their number -> the guest that they work for."""


class SampledXen(SampledBySsh, Protocol):
    """What a profiler of Xen's domains asks besides (`xenoprof`, `emulator`)."""

    context: dict[str, Any]

    def ids(self, name: str) -> dict[str, int]:
        """domain -> Xen's number of it, of a node."""

    def cpu_mhz(self, name: str) -> float | None:
        """The clock rate of a node's CPUs; None where Xen does not report it."""
