"""Testbed `netns`: each domain a network namespace, bridged as Xen bridges its guests.

A node's dom0 has the bridge xenbr0 and its address; each guest has eth0, a veth whose
other end is a port of that bridge; two nodes are joined by a veth between their
bridges, shaped by tbf on both ends. Runs as the first process of a PID namespace
(scripts/measure makes it), so that the kernel ends it all with us.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from vcperf.errors import VcperfError
from vcperf.testbeds.local import LocalTestbed

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Work = tuple[str, list[str], list[str]]
    """A domain, a command, and the lines it reads."""

# A bucket of 64 KB: one large segment as TSO and GRO make them. Smaller, and the
# timer's resolution lowers the rate; larger, and bursts pass at full speed.
LINK_BURST = "64k"
LINK_LATENCY = "20ms"

# A port forwards some milliseconds after `ip` has set it up. An ARP request lost in
# that time is repeated after 10 ms, not the usual second, and for up to 5 s.
QUICK_ARP = "ntable change name arp_cache dev {} retrans 10 mcast_probes 500"


class NetnsTestbed(LocalTestbed):
    """Domains as network namespaces on one bridge a node.

    Raises VcperfError when not inside namespaces of its own.
    """

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__(spec)
        if os.getpid() != 1:
            raise VcperfError("testbed netns: not in namespaces of its own; use scripts/measure")
        # The kernel keeps signals without a handler from a namespace's first process.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        self.addresses = {
            domain: f"10.77.0.{number}" for number, domain in enumerate(self.cpus, start=1)
        }

    def anchor_argv(self, domain: str) -> list[str]:
        """A process in namespaces of its own, under the domain's host name."""
        script = 'hostname "$0" && echo ready && read -r _'
        return ["unshare", "--net", "--uts", "sh", "-c", script, domain]

    def enter_argv(self, domain: str) -> list[str]:
        """Join the anchor's namespaces."""
        return ["nsenter", f"--target={self.anchors[domain].pid}", "--net", "--uts"]

    def address(self, domain: str) -> str:
        """The domain's address on the bridges' common subnet."""
        return self.addresses[domain]

    def free_port(self, domain: str, preferred: int) -> int:
        """Any: nobody else is in there."""
        return preferred

    def __enter__(self) -> NetnsTestbed:
        super().__enter__()
        try:
            # Two rounds, each side by side: what the second sets up, the first made.
            self._configure(self._bridges())
            self._configure([*self._ports(), *self._links()])
        except BaseException:
            self.__exit__()
            raise
        return self

    def _bridges(self) -> Iterator[Work]:
        """In each dom0: the bridge, and a port for each guest."""
        nodes = list(self.spec["nodes"].values())
        for node in nodes:
            lines = ["link set lo up", "link add xenbr0 type bridge", "link set xenbr0 up"]
            lines.append(f"addr add {self.addresses[node['dom0']]}/24 dev xenbr0")
            lines.append(QUICK_ARP.format("xenbr0"))
            for index, guest in enumerate(_guests(node)):
                lines.append(f"link add vif{index} type veth peer name eth0 {self._in(guest)}")
                lines.append(f"link set vif{index} master xenbr0 up")
            if node is nodes[0] and len(nodes) > 1:
                peer = self._in(nodes[1]["dom0"])
                # Both ends would have one number, each in its namespace; Linux then takes
                # them for one device and reports the carrier up to a second late.
                lines.append(f"link add link0 index 100 type veth peer name link0 {peer}")
            yield node["dom0"], ["ip", "-batch", "-"], lines

    def _ports(self) -> Iterator[Work]:
        """In each guest: its address."""
        for node in self.spec["nodes"].values():
            for guest in _guests(node):
                address = f"addr add {self.addresses[guest]}/24 dev eth0"
                lines = ["link set lo up", address, QUICK_ARP.format("eth0"), "link set eth0 up"]
                yield guest, ["ip", "-batch", "-"], lines

    def _links(self) -> Iterator[Work]:
        """In both dom0s of a path across nodes: the link joins the bridge, shaped."""
        if len(self.spec["nodes"]) < 2:
            return
        for node in self.spec["nodes"].values():
            yield node["dom0"], ["ip", "-batch", "-"], ["link set link0 master xenbr0 up"]
            if "link_mbps" in self.spec:
                rate = f"{round(self.spec['link_mbps'] * 1e6)}bit"
                bucket = f"burst {LINK_BURST} latency {LINK_LATENCY}"
                lines = [f"qdisc add dev link0 root tbf rate {rate} {bucket}"]
                yield node["dom0"], ["tc", "-batch", "-"], lines

    def _in(self, domain: str) -> str:
        return f"netns {self.anchors[domain].pid}"

    def _configure(self, work: Iterable[Work]) -> None:
        """Feed lines to commands inside domains, side by side."""
        running = []
        for domain, argv, lines in work:
            process = subprocess.Popen(
                [*self.enter_argv(domain), *argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            assert process.stdin is not None
            process.stdin.write("\n".join([*lines, ""]).encode())
            process.stdin.close()
            running.append((domain, argv[0], process))
        for domain, name, process in running:
            assert process.stdout is not None
            said = process.stdout.read().decode().strip()
            if process.wait() != 0:
                raise VcperfError(f"domain {domain}: {name} could not set up its network: {said}")


def _guests(node: dict[str, Any]) -> list[str]:
    return [domain for domain in node["domains"] if domain != node["dom0"]]
