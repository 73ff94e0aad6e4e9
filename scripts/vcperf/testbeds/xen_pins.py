"""Pins of Xen's VCPUs, as `vcperf.testbeds.pins` puts them back: rows are those of `xl.parse`."""

from __future__ import annotations

from vcperf.errors import VcperfError
from vcperf.tools import xl

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from typing import Any

    from vcperf.testbeds.pins import Ask, Row
    from vcperf.testbeds.ssh import Connections


def listed(ask: Ask, host: str, journal: dict[str, Any]) -> Sequence[Row]:
    """Every VCPU of the node. Raises VcperfError that begins with the host."""
    ((status, text),) = ask([xl.vcpu_list_argv(journal["toolstack"])])
    if status:
        raise VcperfError(f"{host}: {xl.fault(text)}")
    return xl.parse(text)


def key(row: Row) -> Hashable:
    """Domain, the number that Xen gave it, and VCPU."""
    return (row["domain"], row["id"], row["vcpu"])


def pin(row: Row) -> tuple[str, str | None]:
    """Hard and soft affinity."""
    return row["hard_affinity"], row["soft_affinity"]


def put_argv(journal: dict[str, Any], row: Row) -> list[str] | None:
    """The command that pins a VCPU so. No toolstack takes `none`, which xl may print: see
    `XenTestbed.pin`."""
    if "none" in pin(row):
        return None
    return xl.pin_argv(journal["toolstack"], row["domain"], row["vcpu"], *pin(row))


def put_alone(connections: Connections, journal: dict[str, Any], row: Row) -> None:
    """Nothing more can be done."""


def missed(row: Row) -> str:
    """That a VCPU is not pinned so."""
    return f"VCPU {row['vcpu']} of {row['domain']} is not on {row['hard_affinity']} again"
