"""Pins of guests' threads on a KVM host, as `vcperf.testbeds.pins` puts them back: rows are those
of `libvirt_node.listed`."""

from __future__ import annotations

from vcperf.errors import VcperfError
from vcperf.testbeds import libvirt_node

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from typing import Any

    from vcperf.testbeds.pins import Ask, Row


def listed(ask: Ask, host: str, journal: dict[str, Any]) -> Sequence[Row]:
    """The pins of the journal's guests that still run. Raises VcperfError that begins with the
    host."""
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
    return rows


def key(row: Row) -> Hashable:
    """The thread, and QEMU's process: another one after the guest was started again."""
    return (row["uri"], row["guest"], row["pid"], row["thread"], row["index"])


def pin(row: Row) -> str:
    """The CPUs on which it may run."""
    return str(row["affinity"])


def put_argv(journal: dict[str, Any], row: Row) -> list[str] | None:
    """The command that pins so."""
    return libvirt_node.pin_argv(row, row["affinity"])


def missed(row: Row) -> str:
    """That it is not pinned so."""
    return f"{libvirt_node.spoken(row)} is not on {row['affinity']} again"
