"""The lab's hosts and guests: their names, addresses and sizes, as in the thesis.

Node N has the dom0 vcN0 and two guests, c0N0 and c0N1, the first with two
VCPUs, the second with one.
"""

from __future__ import annotations

from typing import NamedTuple

# A lab's hosts are LAB-DOMAIN for ssh: a campaign may use both labs, and a name is one host.
XEN, KVM = "lab", "kvm"


class Guest(NamedTuple):
    name: str
    address: str
    vcpus: int
    mac: str


class Node(NamedTuple):
    """One emulated host."""

    name: str
    dom0: str
    address: str
    guests: tuple[Guest, ...]
    number: int
    lab: str

    @property
    def domains(self) -> tuple[str, ...]:
        return (self.dom0, *(guest.name for guest in self.guests))


def alias(domain: str, lab: str = XEN) -> str:
    """The name by which ssh knows a domain of a lab."""
    return f"{lab}-{domain}"


def node(number: int, lab: str = XEN) -> Node:
    """The node of a number, 0 or 1, of a lab."""
    net = f"10.9.0.{number + 1}"
    guests = tuple(
        Guest(f"c0{number}{g}", f"{net}{g + 1}", 2 - g, f"00:16:3e:00:0{number}:0{g + 1}")
        for g in range(2)
    )
    dom0 = f"vc{number}0"
    return Node(f"node{number}", dom0, f"{net}0", guests, number, lab)
