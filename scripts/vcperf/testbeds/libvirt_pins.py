"""Pins of guests' threads on a KVM host, as `vcperf.testbeds.pins` puts them back: rows are those
of `libvirt_node.listed`."""

from __future__ import annotations

from vcperf.errors import VcperfError
from vcperf.testbeds import libvirt_guests, libvirt_node
from vcperf.testbeds.libvirt_guests import DEFINITION
from vcperf.tools import guest_definition

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from typing import Any

    from vcperf.testbeds.pins import Ask, Row
    from vcperf.testbeds.ssh import Connections


def listed(ask: Ask, host: str, journal: dict[str, Any]) -> Sequence[Row]:
    """The pins of the journal's guests that still run, and what guests run with that were started
    again. Raises VcperfError that begins with the host."""
    guests: dict[str, list[str]] = {}
    for row in journal["vcpus"]:
        of_uri = guests.setdefault(row["uri"], [])
        if row["guest"] not in of_uri:
            of_uri.append(row["guest"])
    rows: list[Row] = []
    for uri, names in guests.items():
        try:
            rows += libvirt_node.listed(uri, names, ask(libvirt_node.listing_argvs(uri, names)))
        except VcperfError as fault:
            raise VcperfError(f"{host}: {fault}") from None
    return [*rows, *_definitions(ask, host, journal)]


def _definitions(ask: Ask, host: str, journal: dict[str, Any]) -> list[Row]:
    names = [(r["uri"], r["guest"]) for r in journal["vcpus"] if r["thread"] == DEFINITION]
    argvs = [
        argv
        for name in names
        for argv in (libvirt_guests.state_argv(*name), guest_definition.argv(*name))
    ]
    answers = ask(argvs) if argvs else []
    try:
        return [
            libvirt_guests.definition_row(*name, *answers[2 * number : 2 * number + 2])
            for number, name in enumerate(names)
        ]
    except VcperfError as fault:
        raise VcperfError(f"{host}: {fault}") from None


def key(row: Row) -> Hashable:
    """The thread, and QEMU's process: another one after the guest was started again. Of a guest as
    a whole no process: it is to run again as it did."""
    return (row["uri"], row["guest"], row["pid"], row["thread"], row["index"])


def pin(row: Row) -> str:
    """The CPUs on which it may run; of a guest as a whole, how its interfaces are served."""
    return str(row["affinity"])


def put_argv(journal: dict[str, Any], row: Row) -> list[str] | None:
    """The command that pins so; a guest is put back by `put_alone`."""
    if row["thread"] == DEFINITION:
        return None
    return libvirt_node.pin_argv(row, row["affinity"])


def put_alone(connections: Connections, journal: dict[str, Any], row: Row) -> None:
    """Start a guest again as it ran before, and wait until it answers."""
    reached = [row["ssh"]] if row["ssh"] else []
    for host in reached:
        connections.drop(host)
    argv = libvirt_guests.start_argv(row)
    try:
        connections.feed(journal["ssh"], argv, row["xml"].encode())
    except VcperfError as fault:
        raise VcperfError(f"{fault}; {missed(row)}") from None
    libvirt_guests.await_hosts(connections, reached)


def missed(row: Row) -> str:
    """That it is not pinned so."""
    if row["thread"] == DEFINITION:
        return f"guest {row['guest']} does not run as before again"
    return f"{libvirt_node.spoken(row)} is not on {row['affinity']} again"
