"""Testbeds: bring domains up, pin them, read the pinning back, run commands in them.

A testbed knows no benchmark. Each is a class with the methods of `Testbed`, for one
block: what it brings up, it takes down. The module of a testbed is the only place
that may ask which testbed it is.
"""

from __future__ import annotations

import importlib
from collections import namedtuple

from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any, Protocol

    from vcperf.observation import Observation

    Pinning = dict[str, list[list[int]]]
    """domain -> CPUs of the host for each VCPU, or one entry for all of them."""

    CommandRecord = dict[str, Any]
    """One command as a raw record keeps it: domain, argv, status, start and end (seconds
    since 1970), output."""

    class Background(Protocol):
        """A command that runs meanwhile; its record is complete after its context."""

        record: CommandRecord

        def wait_for(self, text: str, timeout_s: float) -> str:
            """Wait until it has printed a text; returns all that it has printed. Raises
            VcperfError past the timeout, or when it ended without."""

        def wait_for_more(self, text: str, times: int, timeout_s: float) -> str:
            """Wait until it has printed a text so many times more than by now."""

        def so_far(self) -> str:
            """All that it has printed by now."""

        def wait(self, timeout_s: float, beside: Background | None = None) -> None:
            """Wait for its end, and take meanwhile what one beside it prints. Raises
            VcperfError past the timeout."""

    class Testbed(Protocol):
        """What a measurement may ask of a testbed."""

        spec: dict[str, Any]
        profilers: tuple[str, ...]
        """What its domains can be sampled with; none where nobody has made it so yet."""

        def __enter__(self) -> Testbed: ...

        def __exit__(self, *_: object) -> None: ...

        def pin(self) -> None:
            """Pin every domain as the spec says."""

        def wanted_pinning(self) -> Pinning:
            """The spec's pinning, in the words of `observe`."""

        def observe(self) -> Observation:
            """Pinning, CPU time of each domain by the testbed's own account, and noise."""

        def others_run(self) -> bool:
            """Whether others seem to run on the hosts now: a glance that costs a few
            milliseconds; False where a look is dearer."""

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
            """How an MPI launcher in the first of the domains reaches them all, with files
            of this host that each of them has as long as the context.

            Raises VcperfError when it cannot."""

        def has(self, domain: str, program: str) -> bool:
            """Whether a domain has a program at an absolute path."""

        def received_bytes(self, domain: str) -> int:
            """What a domain's network interfaces have received so far."""

        def program(self, domain: str, folder: str) -> AbstractContextManager[str]:
            """A Python program of scripts/workloads/, a folder here, as a path for python3
            in the domain; it is there as long as the context."""

        def free_port(self, domain: str, preferred: int) -> int:
            """A TCP port that nothing in the domain listens on."""

        def facts(self) -> dict[str, Any]:
            """What the record should say of the hosts; `host`, `kernel` and `platform`
            (what the domains are, as figures say it) among it."""


class Cluster(namedtuple("Cluster", "hosts interface agent launch place files", defaults=[()])):
    """Domains as an MPI launcher is told of them.

    Args:
        hosts: an address for each rank, all the same where domains are one host.
        interface: the network interface that has it, of one name everywhere.
        agent: what the launcher calls to reach a host, as rsh; None for one host.
        launch: a prefix of the launcher, in the first domain.
        place: a prefix of each rank's command.
        files: paths, in every domain, of the files that were asked for.
    """

    hosts: list[str]
    interface: str
    agent: str | None
    launch: list[str]
    place: list[str]
    files: list[str]


# testbed -> its class, by where its domains live: a testbed file or none.
HERE = {"netns": "netns.NetnsTestbed", "native": "native.NativeTestbed"}
BY_SSH = {"native": "hosts.HostsTestbed", "xen": "xen.XenTestbed"}


def open_testbed(spec: dict[str, Any], context: dict[str, Any]) -> Testbed:
    """The testbed of a spec, not yet brought up.

    Args:
        spec: a block's spec; with `ends` when its domains are reached by ssh.
        context: see `vcperf.measure.block.main`.

    Raises VcperfError when there is none of that name.
    """
    opened: Testbed = find(spec["testbed"], by_ssh="ends" in spec)(spec, context)
    return opened


def find(name: str, by_ssh: bool) -> Any:
    """The class of a testbed.

    Args:
        name: its name.
        by_ssh: whether its domains are on hosts reached by ssh.

    Raises VcperfError when there is none of that name.
    """
    known = BY_SSH if by_ssh else HERE
    if name not in known:
        raise VcperfError(f"testbed {name!r}: there are {', '.join(known)}")
    module, _, class_name = known[name].partition(".")
    return getattr(importlib.import_module(f"vcperf.testbeds.{module}"), class_name)
