"""The lab's hosts and guests: their names, addresses and sizes, as in the thesis.

Node N has the dom0 vcN0 and two guests, c0N0 and c0N1, the first with two
VCPUs, the second with one.
"""

from __future__ import annotations

from typing import NamedTuple


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

    @property
    def domains(self) -> tuple[str, ...]:
        return (self.dom0, *(guest.name for guest in self.guests))


def alias(domain: str) -> str:
    """The name by which ssh knows a domain."""
    return f"lab-{domain}"


def node(number: int) -> Node:
    """The node of a number, 0 or 1."""
    net = f"10.9.0.{number + 1}"
    guests = tuple(
        Guest(f"c0{number}{g}", f"{net}{g + 1}", 2 - g, f"00:16:3e:00:0{number}:0{g + 1}")
        for g in range(2)
    )
    dom0 = f"vc{number}0"
    return Node(f"node{number}", dom0, f"{net}0", guests, number)


def testbed(nodes: list[Node], native: bool) -> str:
    """The testbed file (YAML): how a campaign reaches each domain.

    Args:
        nodes: the hosts that run.
        native: they run without Xen: a domain is then its host itself.
    """
    lines = ["# Made by lab/lab; paths are relative to this file.", "ssh_config: ssh_config"]
    lines.append("nodes:")
    for n in nodes:
        lines += [f"  {n.name}:", f"    ssh: {alias(n.dom0)}"]
        lines += [] if native else ["    toolstack: xl"]
        lines += [f"    emulator_pid_file: {n.name}/qemu.pid", "    domains:"]
        xen = "" if native else "xen: Domain-0, "
        lines.append(f"      {n.dom0}: {{{xen}address: {n.address}}}")
        for g in n.guests:
            where = f"xen: {g.name}, address: {g.address}, ssh: {alias(g.name)}"
            lines.append(f"      {g.name}: {{{f'address: {n.address}' if native else where}}}")
    return "\n".join(lines) + "\n"
