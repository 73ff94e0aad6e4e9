"""Testbeds: bring domains up, pin them, read the pinning back, run commands in them.

A testbed knows no benchmark. Each is a class with the methods of `Testbed`, for one
block: what it brings up, it takes down. The module of a testbed is the only place
that may ask which testbed it is.
"""

from __future__ import annotations

from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any, Protocol

    Pinning = dict[str, list[list[int]]]
    """domain -> CPUs of the host for each VCPU, or one entry for all of them."""

    CommandRecord = dict[str, Any]
    """One command as a raw record keeps it: domain, argv, status, start and end (seconds
    since 1970), output."""

    class Testbed(Protocol):
        """What a measurement may ask of a testbed."""

        def __enter__(self) -> Testbed: ...

        def __exit__(self, *_: object) -> None: ...

        def pin(self) -> None:
            """Pin every domain as the spec says."""

        def wanted_pinning(self) -> Pinning:
            """The spec's pinning, in the words of `read_pinning`."""

        def read_pinning(self) -> Pinning:
            """What the kernel or hypervisor says of every domain now."""

        def address(self, domain: str) -> str:
            """Where the domain answers, as an IPv4 address."""

        def run(self, domain: str, argv: list[str], timeout_s: float) -> CommandRecord:
            """Run a command to its end. Raises VcperfError past the timeout."""

        def serve(
            self, domain: str, argv: list[str], port: int
        ) -> AbstractContextManager[CommandRecord]:
            """Keep a server running, from when it listens on the TCP port; its record is
            complete after the context ends."""

        def free_port(self, domain: str, preferred: int) -> int:
            """A TCP port that nothing in the domain listens on."""

        def cpu_seconds(self) -> dict[str, float]:
            """CPU time that each domain has used so far, by the testbed's own account."""

        def facts(self) -> dict[str, Any]:
            """What the record should say of the hosts."""


def open_testbed(spec: dict[str, Any]) -> Testbed:
    """The testbed of a spec, not yet brought up.

    Raises VcperfError when there is none of that name.
    """
    name = spec["testbed"]
    if name == "netns":
        from vcperf.testbeds.netns import NetnsTestbed

        return NetnsTestbed(spec)
    if name == "native":
        from vcperf.testbeds.native import NativeTestbed

        return NativeTestbed(spec)
    raise VcperfError(f"testbed {name!r}: unknown; there are netns and native")
