"""Testbed `netns`: each domain a network namespace, bridged as Xen bridges its guests.

A node's dom0 has the bridge xenbr0 and its address; each guest has eth0, a veth whose
other end is a port of that bridge; two nodes are joined by a veth between their
bridges, shaped by tbf on both ends; more than two by one such veth each to a switch, a
bridge in the namespace that we are in ourselves. Runs as the first process of a PID namespace
(scripts/isolate makes it), so that the kernel ends it all with us.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from vcperf.basics.checkout import LAUNCHERS
from vcperf.basics.text import last_line
from vcperf.errors import VcperfError, quote
from vcperf.testbeds import isolation, namespaces, programs, shaping
from vcperf.testbeds.cluster import Cluster
from vcperf.testbeds.local import LocalTestbed
from vcperf.testbeds.netlink import LOOPBACK, Network

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from vcperf.testbeds import contract
    from vcperf.tools.host_settings import Settings

NAMESPACE_TOOLS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "ip": "iproute2",
}
# All that this testbed asks of the kernel.
TRY_NAMESPACES = (
    "ip link add name bridge0 type bridge && ip link add veth0 type veth peer name veth1"
    " && ip link set veth0 master bridge0"
)
SCRATCH = "/dev/shm"  # noqa: S108 - mounted empty, in a mount namespace of the block
# Indices of devices: of a bridge, of eth0, of the first guest's vif, of a dom0's link0 to the
# switch or the first one's to the other, of that one's, and of the switch's first port. The two
# ends of a cable have different ones.
BRIDGE, ETH0, VIF0, LINK0, OTHER_LINK0, PORT0 = 100, 101, 1000, 102, 103, 2000
SUBNET_BITS = 24

# A port forwards some milliseconds after it is set up. An ARP request lost in that time is
# repeated after 10 ms, not the usual second, and for up to 5 s.
ARP_MS, ARP_PROBES = 10, 500


class NetnsTestbed(LocalTestbed):
    """Domains as network namespaces on one bridge per node.

    Raises VcperfError when not inside new namespaces.
    """

    name = "netns"
    isolation = "namespaces"
    tools: Mapping[str, str] = {**LocalTestbed.tools, **NAMESPACE_TOOLS}
    platform = "network namespaces on one host"

    def __init__(self, spec: dict[str, Any], context: dict[str, Any]) -> None:
        super().__init__(spec, context)
        if os.getpid() != 1:
            raise VcperfError("testbed netns: not in new namespaces; use scripts/isolate netns")
        # The kernel keeps signals without a handler from a namespace's first process.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        self._mounted = False
        self.addresses = {
            domain: f"10.77.0.{number}" for number, domain in enumerate(self.cpus, start=1)
        }

    @staticmethod
    def host_fault() -> str:
        """Why this machine cannot have it: a program is missing, or namespaces are refused."""
        absent = programs.missing(NAMESPACE_TOOLS)
        if absent:
            return absent
        tried = isolation.run("netns", ["sh", "-c", TRY_NAMESPACES])
        if tried.returncode == 0:
            return ""
        why = last_line(tried.stderr, f"status {tried.returncode}")
        return f"namespaces are refused here ({why}); allow user namespaces or run as root"

    @staticmethod
    def link(section: Mapping[str, Any]) -> dict[str, Any]:
        """The rate of the link, and its bucket."""
        return shaping.spec_of(section)

    @staticmethod
    def settings(
        specs: Sequence[Mapping[str, Any]], context: Mapping[str, Any]
    ) -> dict[str, Settings]:
        """This machine's, and those of each domain's network."""
        from vcperf.testbeds import settings  # its imports are not for blocks

        return settings.of_namespaces("netns", specs)

    def enter_argv(self, domain: str) -> list[str]:
        """Join the anchor's namespace."""
        return ["nsenter", f"--target={self.anchors[domain].pid}", "--net"]

    def address(self, domain: str) -> str:
        """The domain's address on the bridges' common subnet."""
        return self.addresses[domain]

    def is_listening(self, domain: str, port: int) -> bool:
        """Whether any TCP socket is in use: nobody else is in there, unless we serve more.

        Format: /proc/net/sockstat, ``TCP: inuse 1 orphan 0 ...``; ss would take 10 ms.
        """
        if self.serving[domain] > 1:
            return super().is_listening(domain, port)
        with open(f"/proc/{self.anchors[domain].pid}/net/sockstat", encoding="ascii") as handle:
            return any(line.startswith("TCP:") and " inuse 0 " not in line for line in handle)

    def free_port(self, domain: str, preferred: int) -> int:
        """Any: nobody else is in there."""
        return preferred

    def cluster_of(self, domains: list[str]) -> Cluster:
        """An agent joins the domains; each has its own name, as hosts have."""
        dom0s = {node["dom0"] for node in self.spec["nodes"].values()}
        if dom0s.intersection(domains):
            raise VcperfError(f"cluster of {', '.join(domains)}: netns takes guests only")
        lines = [
            f"{self.addresses[domain]} {self.anchors[domain].pid} {self.cpu_list(domain)} {domain}"
            for domain in domains
        ]
        launch = ["env", f"TMPDIR={self.scratch()}", "VCPERF_DOMAINS=" + "\n".join(lines)]
        launch += ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', domains[0]]
        hosts = [self.addresses[domain] for domain in domains]
        return Cluster(hosts, "eth0", f"{LAUNCHERS}/join-domain", launch, [])

    def home(self, pid: int) -> str | None:
        """The domain of its network namespace. Its environment would not do: launchers hand
        theirs on."""
        try:
            return self._namespaces().get(os.stat(f"/proc/{pid}/ns/net").st_ino, "")
        except OSError:
            return None

    def owners(self) -> tuple[dict[int, str], dict[int, str]]:
        """One namespace per domain: it has every process of the domain."""
        return self._namespaces(), {}

    def _namespaces(self) -> dict[int, str]:
        """Network namespace (inode) -> domain."""
        anchors = self.anchors.items()
        return {os.stat(f"/proc/{a.pid}/ns/net").st_ino: domain for domain, a in anchors}

    def scratch(self) -> str:
        """A file system in our namespaces only: MPI names its folders by process number, which
        are small and come again in here, and nobody removes them after SIGKILL."""
        if not self._mounted:
            argv = ["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", SCRATCH]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise VcperfError(
                    f"{SCRATCH}: cannot be mounted again: {quote(done.stderr.strip())}"
                )
            self._mounted = True
        return SCRATCH

    def bring_up(self) -> None:
        """First the namespaces, then the cables between them, then each domain's own network."""
        networks: dict[str, Network] = {}
        nodes = list(self.spec["nodes"].values())
        switch = Network("the switch") if len(nodes) > 2 else None
        with namespaces.back_home():
            for domain in self.cpus:
                namespaces.enter_new()
                networks[domain] = Network(f"domain {domain}")
                self.add_anchor(domain, namespaces.anchor())
        if switch:
            self._join_by_switch(switch, nodes)
        for index, node in enumerate(nodes):
            self._lay_bridge(networks[node["dom0"]], node)
            if len(nodes) == 2 and index == 0:
                there = self.anchors[nodes[1]["dom0"]].pid
                first = networks[node["dom0"]]
                first.add_cable("link0", LINK0, "link0", OTHER_LINK0, there)
            networks[node["dom0"]].commit()
        for index, node in enumerate(nodes):
            if len(nodes) > 1:
                link = OTHER_LINK0 if len(nodes) == 2 and index == 1 else LINK0
                networks[node["dom0"]].set_up(link, BRIDGE)
                self._shape(networks[node["dom0"]], link)
            for domain in node["domains"]:
                device = BRIDGE if domain == node["dom0"] else ETH0
                self._give_address(networks[domain], device, self.addresses[domain])
                networks[domain].commit()
        for network in (*networks.values(), *([switch] if switch else [])):
            network.close()

    def _lay_bridge(self, network: Network, node: dict[str, Any]) -> None:
        """A node's bridge, with a cable to each of its guests."""
        network.add_bridge("xenbr0", BRIDGE)
        for number, guest in enumerate(_guests(node)):
            vif = VIF0 + number
            network.add_cable(f"vif{number}", vif, "eth0", ETH0, self.anchors[guest].pid)
            network.set_up(vif, BRIDGE)

    def _join_by_switch(self, switch: Network, nodes: list[dict[str, Any]]) -> None:
        """A bridge with a cable to each node; its ends here are shaped as those there are."""
        switch.add_bridge("switch", BRIDGE)
        for number, node in enumerate(nodes):
            port = PORT0 + number
            there = self.anchors[node["dom0"]].pid
            switch.add_cable(f"port{number}", port, "link0", LINK0, there)
            switch.set_up(port, BRIDGE)
            self._shape(switch, port)
        switch.commit()

    def _shape(self, network: Network, device: int) -> None:
        """Shape what leaves by one end of a link between nodes, if the spec says so."""
        if "link_mbps" in self.spec:
            network.shape(device, *shaping.bucket_of(self.spec))

    def _give_address(self, network: Network, device: int, address: str) -> None:
        network.set_up(LOOPBACK)
        network.add_address(device, address, SUBNET_BITS)
        network.set_arp(device, ARP_MS, ARP_PROBES)
        network.set_up(device)


def _guests(node: dict[str, Any]) -> list[str]:
    return [domain for domain in node["domains"] if domain != node["dom0"]]


if TYPE_CHECKING:  # mypy holds the class to the contract
    _class: type[contract.LocalClass] = NetnsTestbed
    _opened: type[contract.Testbed] = NetnsTestbed
    _sampled: type[contract.SampledHere] = NetnsTestbed
