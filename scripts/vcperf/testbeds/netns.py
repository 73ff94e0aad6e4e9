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
from vcperf.testbeds import isolation, programs, shaping
from vcperf.testbeds.cluster import Cluster
from vcperf.testbeds.local import LocalTestbed

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from vcperf.testbeds import contract
    from vcperf.tools.host_settings import Settings

    Work = tuple[str, list[str], list[str]]
    """A domain or OURS, a command, and the lines it reads."""

NAMESPACE_TOOLS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "tc": "iproute2",
}
# All that this testbed asks of the kernel.
TRY_NAMESPACES = (
    "ip link add name bridge0 type bridge && ip link add veth0 type veth peer name veth1"
    " && ip link set veth0 master bridge0"
)
SCRATCH = "/dev/shm"  # noqa: S108 - mounted empty, in a mount namespace of the block
OURS = ""  # no domain: the namespace that we are in ourselves, which has the switch

# A port forwards some milliseconds after `ip` has set it up. An ARP request lost in
# that time is repeated after 10 ms, not the usual second, and for up to 5 s.
QUICK_ARP = "ntable change name arp_cache dev {} retrans 10 mcast_probes 500"


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

    def anchor_argv(self, domain: str) -> list[str]:
        """A process in a network namespace of its own, which sets up the domain's own end
        of the network."""
        script = 'printf "$1" | ip -batch - && echo ready && read -r _'
        lines = "\\n".join([*self._own_network(domain), ""])
        return ["unshare", "--net", "sh", "-c", script, domain, lines]

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
        """First the dom0s with their bridges, then the guests, each with a cable into its
        dom0, then the cables into the bridges."""
        nodes = list(self.spec["nodes"].values())
        self.start_anchors(node["dom0"] for node in nodes)
        self.start_anchors(guest for node in nodes for guest in _guests(node))
        if len(nodes) > 2:
            self._configure([self._switch(nodes)])
        first, *others = self._join_bridges(nodes)
        self._configure([first])  # it makes the cable between two nodes
        self._configure(others)

    def _own_network(self, domain: str) -> list[str]:
        """Lines for `ip -batch` inside a domain, before it is joined to a bridge."""
        address = self.addresses[domain]
        for node in self.spec["nodes"].values():
            if domain == node["dom0"]:
                made, device = "link add xenbr0 type bridge", "xenbr0"
                break
            if domain in node["domains"]:
                vif = f"vif{_guests(node).index(domain)}"
                peer = f"{vif} netns {self.anchors[node['dom0']].pid}"
                made, device = f"link add eth0 type veth peer name {peer}", "eth0"
                break
        return [
            "link set lo up",
            made,
            f"addr add {address}/24 dev {device}",
            QUICK_ARP.format(device),
            f"link set {device} up",
        ]

    def _switch(self, nodes: list[dict[str, Any]]) -> Work:
        """A bridge with a cable to each node; its ends here are shaped as those there are."""
        lines = ["link add switch type bridge", "link set switch up"]
        for index, node in enumerate(nodes):
            peer = f"link0 netns {self.anchors[node['dom0']].pid}"
            # See `_join_bridges` on the index.
            lines.append(f"link add port{index} index {100 + index} type veth peer name {peer}")
            lines.append(f"link set port{index} master switch up")
        return OURS, ["ip", "-batch", "-"], lines

    def _join_bridges(self, nodes: list[dict[str, Any]]) -> Iterator[Work]:
        """In each dom0: its guests' cables, and the one to the other node, shaped."""
        for index, node in enumerate(nodes):
            guests = range(len(_guests(node)))
            lines = [f"link set vif{guest} master xenbr0 up" for guest in guests]
            if len(nodes) > 1:
                if index == 0 and len(nodes) == 2:
                    # Both ends would have one number, each in its namespace; Linux then
                    # takes them for one device and reports the carrier a second late.
                    peer = f"link0 netns {self.anchors[nodes[1]['dom0']].pid}"
                    lines.append(f"link add link0 index 100 type veth peer name {peer}")
                lines.append("link set link0 master xenbr0 up")
            yield node["dom0"], ["ip", "-batch", "-"], lines
        if "link_mbps" in self.spec:
            for node in nodes:
                yield node["dom0"], ["tc", "-batch", "-"], shaping.lines(self.spec, ["link0"])
            if len(nodes) > 2:
                ports = [f"port{index}" for index in range(len(nodes))]
                yield OURS, ["tc", "-batch", "-"], shaping.lines(self.spec, ports)

    def _configure(self, work: Iterable[Work]) -> None:
        """Feed lines to commands inside domains, side by side."""
        running = []
        for domain, argv, lines in work:
            process = subprocess.Popen(
                [*(self.enter_argv(domain) if domain else []), *argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            assert process.stdin is not None
            process.stdin.write("\n".join([*lines, ""]))
            process.stdin.close()
            running.append((domain, argv[0], process))
        for domain, name, process in running:
            assert process.stdout is not None
            output = process.stdout.read()
            if process.wait() != 0:
                where = f"domain {domain}" if domain else "the switch"
                raise VcperfError(
                    f"{where}: {name} could not set up its network: {last_line(output)}"
                )


def _guests(node: dict[str, Any]) -> list[str]:
    return [domain for domain in node["domains"] if domain != node["dom0"]]


if TYPE_CHECKING:  # mypy holds the class to the contract
    _class: type[contract.LocalClass] = NetnsTestbed
    _opened: type[contract.Testbed] = NetnsTestbed
    _sampled: type[contract.SampledHere] = NetnsTestbed
