"""Testbed `xen`: nodes are Xen hosts reached by ssh and driven by xl or xm, domains are
their dom0 and guests. The pinning is read back from the hypervisor."""

from __future__ import annotations


from vcperf.errors import VcperfError
from vcperf.records.platform import EMULATED
from vcperf.testbeds import pins
from vcperf.testbeds.remote import RemoteTestbed
from vcperf.testbeds.ssh import destination
from vcperf.testbeds.xen_node import XenNode, seconds
from vcperf.tools import xl

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from vcperf.records.observation import Observation
    from vcperf.testbeds import contract
    from vcperf.testbeds.contract import Pinning
    from vcperf.testbeds.xen_node import Rows

HEAD = ["uname", "-nrm"]


class XenTestbed(RemoteTestbed):
    """Xen domains on nodes reached by ssh.

    Each node of the spec has `toolstack`, and `xen`: domain -> its name there.
    """

    name = "xen"
    system = "Xen"
    accounts = True
    isolation = "none"
    profilers: Mapping[str, str] = {"perf": "perf_domains", "xenoprof": "xenoprof"}

    @staticmethod
    def place(
        node: dict[str, Any], dom0: str, domains: Iterable[str]
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """A domain's name in Xen, and its ssh destination, are its own where the testbed file
        gives no other; dom0 is Domain-0 and the node's. Two domains that are one in Xen are
        refused."""
        names: dict[str, str] = {}
        ends = {}
        for domain in domains:
            entry = node["domains"][domain]
            is_dom0 = domain == dom0
            xen_name = entry.get("xen", "Domain-0" if is_dom0 else domain)
            for other in (other for other, its in names.items() if its == xen_name):
                raise VcperfError(f"{domain}.xen: {xen_name} is {other}'s already")
            names[domain] = xen_name
            ssh = entry.get("ssh", destination(node) if is_dom0 else domain)
            ends[domain] = {"ssh": ssh, "address": entry["address"]}
        toolstack = node.get("toolstack", "xl")
        return {"ssh": destination(node), "toolstack": toolstack, "xen": names}, ends

    # -- coming and going ---------------------------------------------------------------

    def bring_up(self) -> None:
        """Ask the nodes what they are and the domains' VCPUs where they may run."""
        questions: dict[str, list[list[str]]] = {
            n["ssh"]: [HEAD, xl.info_argv(n["toolstack"]), pins.BOOT_ARGV]
            for n in self.nodes.values()
        }
        ends = {self.host(domain) for domain in self.spec["ends"]}
        questions |= {host: [HEAD] for host in ends - set(questions)}
        answers = self.ssh.ask_once(questions)
        self._kernels = {host: answer[0][1].split()[1] for host, answer in answers.items()}
        self.xen: dict[str, XenNode] = {}
        for name, node in self.nodes.items():
            (_, head), info, (_, boot) = answers[node["ssh"]]
            self.xen[name] = XenNode(name, node, head, info, boot)
        self._found = self._list()

    def __exit__(self, *_: object) -> None:
        try:
            pins.put_back_after_block(self.ssh, self.nodes.values())
        finally:
            super().__exit__()

    def _list(self) -> dict[str, Rows]:
        """Every VCPU of each node."""
        answers = self.ssh.batch({node.ssh: [node.list_argv()] for node in self.xen.values()})
        return {name: node.rows(*answers[node.ssh][0]) for name, node in self.xen.items()}

    # -- pinning ------------------------------------------------------------------------

    def pin(self) -> None:
        """Pin every VCPU that is not where the spec wants it.

        Raises VcperfError when the hypervisor does not do it, whatever xl's status says, and
        for a VCPU whose pins could not be put back.
        """
        moves = {}
        for name, node in self.xen.items():
            wrong = node.misplaced(self._found[name])
            if wrong:
                self._remember(node, [row for row, _ in wrong])
                moves[node.ssh] = [
                    xl.pin_argv(
                        node.node["toolstack"], row["domain"], row["vcpu"], xl.affinity(cpus)
                    )
                    for row, cpus in wrong
                ]
        if not moves:
            return
        answers = self.ssh.batch(moves)
        for name, rows in self._list().items():
            node = self.xen[name]
            for row, cpus in node.misplaced(rows):
                faults = [xl.fault(text) for status, text in answers.get(node.ssh, []) if status]
                raise VcperfError(
                    f"{node.where}: VCPU {row['vcpu']} of {row['domain']} cannot be pinned to"
                    f" CPU {xl.affinity(cpus)}, it stays on {row['hard_affinity']}"
                    + (f" ({faults[0]})" if faults else "")
                )

    def _remember(self, node: XenNode, rows: Rows) -> None:
        """Note the pins of VCPUs that are about to be changed. Raises VcperfError for one that
        could not be put back."""
        toolstack = node.node["toolstack"]
        for row in rows:
            # With CPUs offline (smt=0) xl prints only the first nr_cpus numbers.
            if "none" in (row["hard_affinity"], row["soft_affinity"]):
                raise VcperfError(
                    f"{node.where}: VCPU {row['vcpu']} of {row['domain']} is pinned to CPUs that"
                    f" {toolstack} does not show (it prints none), so it could not be put back;"
                    " pin it yourself first, or boot without smt=0"
                )
        pins.remember(node.ssh, toolstack, self.context.get("ssh_config"), node.boot, rows)

    def wanted_pinning(self) -> Pinning:
        """The CPUs of each VCPU, as the spec wants them."""
        return {
            domain: [sorted(cpus) for cpus in vcpus]
            for node in self.nodes.values()
            for domain, vcpus in node["domains"].items()
        }

    # -- observing ----------------------------------------------------------------------

    def observe(self) -> Observation:
        """Pinning and CPU time as the hypervisor has them, to its 0.1 s; what domains took in
        which nothing of ours runs, dom0s aside; and what other programs took of this machine,
        when it runs the nodes.

        Reading costs dom0 the CPU time of one call of the toolstack, half of it between
        two observations on either side.
        """
        uptime = ["cat", "/proc/uptime"]
        answers = self.ssh.batch({n.ssh: [uptime, n.list_argv()] for n in self.xen.values()})
        pinning: Pinning = {}
        domains: dict[str, Any] = {}
        hosts: dict[str, Any] = {}
        for node in self.xen.values():
            (_, up), listed = answers[node.ssh]
            rows = node.rows(*listed)
            clock = float(up.split()[0])
            for domain in node.node["domains"]:
                pinning[domain] = node.pinning(domain, rows)
                used = seconds(node.rows_of(domain, rows))
                domains[domain] = {"clock_s": clock, "cpu_s": used}
            domains[node.node["dom0"]]["host_s"] = domains[node.node["dom0"]]["cpu_s"]
            ours = {node.node["dom0"], *self.spec["ends"]} & set(node.node["domains"])
            hosts[node.ssh] = {
                "clock_s": clock,
                "program_s": seconds(rows),
                "own_s": sum(domains[domain]["cpu_s"] for domain in ours),
                "steal_s": 0.0,
            }
        hosts |= self.observe_this_machine()
        return {"pinning": pinning, "domains": domains, "hosts": hosts}

    def facts(self) -> dict[str, Any]:
        """Host names, kernels, the hypervisor and its options; kernels of both ends."""
        nodes = {name: node.facts() for name, node in self.xen.items()}
        versions = sorted({f"Xen {node.version()}" for node in self.xen.values()})
        emulated = [EMULATED] if self.emulators() else []
        return {
            "host": "+".join(sorted(node["host"] for node in nodes.values())),
            "kernel": "+".join(sorted({node["kernel"] for node in nodes.values()})),
            "platform": ", ".join(versions + emulated),
            "nodes": nodes,
            "domain_kernels": {d: self._kernels[self.host(d)] for d in self.spec["ends"]},
        }

    # -- profiling ----------------------------------------------------------------------

    def ids(self, name: str) -> dict[str, int]:
        """The numeric ids of a node's domains."""
        return self.xen[name].ids(self._found[name])

    def host_of(self, domain: str) -> str:
        """Where a domain in which something runs, or a dom0, is reached."""
        if domain in self.spec["ends"]:
            return self.host(domain)
        return next(str(n["ssh"]) for n in self.nodes.values() if n["dom0"] == domain)

    def cpu_mhz(self, name: str) -> float | None:
        """The clock rate of a node's CPUs; None where Xen does not report it."""
        return self.xen[name].cpu_mhz()


if TYPE_CHECKING:  # mypy holds the class to the contract
    _class: type[contract.SshClass] = XenTestbed
    _opened: type[contract.Testbed] = XenTestbed
    _sampled: type[contract.SampledXen] = XenTestbed
