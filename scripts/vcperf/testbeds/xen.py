"""Testbed `xen`: nodes are Xen hosts reached by ssh and driven by xl or xm, domains are
their dom0 and guests. What is said to be pinned is read back from the hypervisor."""

from __future__ import annotations

import sys

from vcperf.errors import VcperfError
from vcperf.testbeds import pins
from vcperf.testbeds.remote import RemoteTestbed
from vcperf.tools import xl
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from vcperf.observation import Observation
    from vcperf.testbeds import Pinning

    Rows = list[dict[str, Any]]

INFO = (
    "xen_version",
    "xen_scheduler",
    "xen_caps",
    "xen_commandline",
    "nr_cpus",
    "cores_per_socket",
    "threads_per_core",
    "cpu_mhz",
    "total_memory",
)


class XenTestbed(RemoteTestbed):
    """Xen domains on nodes reached by ssh.

    Each node of the spec has `toolstack`, and `xen`: domain -> its name there.
    """

    profilers: tuple[str, ...] = ("perf", "xenoprof")

    @staticmethod
    def place(
        node: dict[str, Any], dom0: str, domains: Iterable[str]
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """What a spec says of a node of the testbed file, and of its domains as ends.

        A domain's name in Xen, and its ssh destination, are its own where the file gives
        no other; dom0 is Domain-0 and the node's. Raises VcperfError, from the domain on
        where it is in the file, when two domains are one in Xen.
        """
        names: dict[str, str] = {}
        ends = {}
        for domain in domains:
            entry = node["domains"][domain]
            is_dom0 = domain == dom0
            xen_name = entry.get("xen", "Domain-0" if is_dom0 else domain)
            for other in (other for other, its in names.items() if its == xen_name):
                raise VcperfError(f"{domain}.xen: {xen_name} is {other}'s already")
            names[domain] = xen_name
            ssh = entry.get("ssh", node["ssh"] if is_dom0 else domain)
            ends[domain] = {"ssh": ssh, "address": entry["address"]}
        toolstack = node.get("toolstack", "xl")
        return {"ssh": node["ssh"], "toolstack": toolstack, "xen": names}, ends

    def bring_up(self) -> None:
        """Ask the nodes what they are and the domains' VCPUs where they may run."""
        head = ["uname", "-nrm"]
        questions: dict[str, list[list[str]]] = {
            n["ssh"]: [head, xl.info_argv(n["toolstack"]), pins.BOOT_ARGV]
            for n in self.nodes.values()
        }
        ends = {self.host(domain) for domain in self.spec["ends"]}
        questions |= {host: [head] for host in ends - set(questions)}
        answers = self.ssh.ask_once(questions)
        self._heads = {host: a[0][1].split() for host, a in answers.items()}
        self._info: dict[str, dict[str, str]] = {
            name: self._trusted(name, xl.parse_info, *answers[node["ssh"]][1])
            for name, node in self.nodes.items()
        }
        self._boots = {
            name: answers[node["ssh"]][2][1].strip() for name, node in self.nodes.items()
        }
        self._found = self._list()
        for name, rows in self._found.items():
            self._check_domains(name, rows)

    def __exit__(self, *_: object) -> None:
        try:
            # A campaign puts pins back once, at its end.
            if self.ssh.shared is None:
                for path in pins.left(node["ssh"] for node in self.nodes.values()):
                    try:
                        pins.put_back(path)
                    except VcperfError as error:
                        print(f"pins not put back: {error}", file=sys.stderr)
        finally:
            super().__exit__()

    # -- pinning ------------------------------------------------------------------------

    def pin(self) -> None:
        """Pin every VCPU that is not where the spec wants it.

        Raises VcperfError when the hypervisor does not do it, whatever xl's status says, and
        for a VCPU whose pins could not be put back.
        """
        moved = {}
        for name, rows in self._found.items():
            node = self.nodes[name]
            wrong = self._misplaced(name, rows)
            if not wrong:
                continue
            for row, _ in wrong:
                # With CPUs offline (smt=0) xl prints the first nr_cpus numbers alone.
                if "none" in (row["hard_affinity"], row["soft_affinity"]):
                    raise VcperfError(
                        f"{name} ({node['ssh']}): VCPU {row['vcpu']} of {row['domain']} is pinned"
                        f" to CPUs that {node['toolstack']} does not tell (it prints none), so it"
                        " could not be put back; pin it yourself first, or boot without smt=0"
                    )
            config, boot = self.context.get("ssh_config"), self._boots[name]
            pins.remember(node["ssh"], node["toolstack"], config, boot, [row for row, _ in wrong])
            moved[node["ssh"]] = [
                xl.pin_argv(node["toolstack"], row["domain"], row["vcpu"], xl.affinity(cpus))
                for row, cpus in wrong
            ]
        if not moved:
            return
        said = self.ssh.batch(moved)
        for name, rows in self._list().items():
            host = self.nodes[name]["ssh"]
            for row, cpus in self._misplaced(name, rows):
                faults = [xl.fault(text) for status, text in said.get(host, []) if status]
                raise VcperfError(
                    f"{name} ({host}): VCPU {row['vcpu']} of {row['domain']} cannot be pinned to"
                    f" CPU {xl.affinity(cpus)}, it stays on {row['hard_affinity']}"
                    + (f" ({faults[0]})" if faults else "")
                )

    def wanted_pinning(self) -> Pinning:
        """The CPUs of each VCPU, as the spec wants them."""
        return {
            domain: [sorted(cpus) for cpus in vcpus]
            for node in self.nodes.values()
            for domain, vcpus in node["domains"].items()
        }

    def _misplaced(self, name: str, rows: Rows) -> list[tuple[dict[str, Any], list[int]]]:
        """A node's VCPUs that are not where the spec wants them, and where that is."""
        found = []
        for domain, vcpus in self.nodes[name]["domains"].items():
            for row, cpus in zip(self._rows_of(name, domain, rows), vcpus, strict=True):
                if self._cpus(name, row) != sorted(cpus):
                    found.append((row, sorted(cpus)))
        return found

    def _rows_of(self, name: str, domain: str, rows: Rows) -> Rows:
        xen_name = self.nodes[name]["xen"][domain]
        mine = [row for row in rows if row["domain"] == xen_name]
        return sorted(mine, key=lambda row: int(row["vcpu"]))

    def _cpus(self, name: str, row: dict[str, Any]) -> list[int]:
        return xl.cpu_set(row["hard_affinity"], self._count(name))

    def _count(self, name: str) -> int:
        """How many CPU numbers a node has, those of CPUs that are offline included."""
        info = self._info[name]
        return int(info["max_cpu_id"]) + 1 if "max_cpu_id" in info else int(info["nr_cpus"])

    def _check_domains(self, name: str, rows: Rows) -> None:
        """Hold what a node has against what the spec asks of it."""
        node, there = self.nodes[name], f"{name} ({self.nodes[name]['ssh']})"
        count = self._count(name)
        for domain, vcpus in node["domains"].items():
            mine = self._rows_of(name, domain, rows)
            if not mine:
                known = ", ".join(sorted({str(row["domain"]) for row in rows}))
                xen_name = node["xen"][domain]
                raise VcperfError(
                    f"domain {domain}: {there} has no domain {xen_name!r} now; it has {known}"
                )
            if len(mine) != len(vcpus):
                raise VcperfError(
                    f"domain {domain}: has {len(mine)} VCPUs on {there},"
                    f" the configuration says {len(vcpus)}"
                )
            if mine[0]["id"] is None:
                raise VcperfError(f"domain {domain}: does not run on {there}")
            for row, cpus in zip(mine, vcpus, strict=True):
                if row["cpu"] is None and row["state"].endswith("p"):
                    raise VcperfError(f"domain {domain}: VCPU {row['vcpu']} is offline on {there}")
                beyond = [cpu for cpu in cpus if cpu >= count]
                if beyond:
                    raise VcperfError(
                        f"domain {domain}: pinned to CPU {beyond[0]}, but {there} has {count} CPUs"
                    )

    # -- profiling ----------------------------------------------------------------------

    def ids(self, name: str) -> dict[str, int]:
        """The numeric ids of a node's domains."""
        rows = self._found[name]
        return {d: int(self._rows_of(name, d, rows)[0]["id"]) for d in self.nodes[name]["domains"]}

    def host_of(self, domain: str) -> str:
        """Where an end of the path, or a dom0, is reached."""
        if domain in self.spec["ends"]:
            return self.host(domain)
        return next(str(n["ssh"]) for n in self.nodes.values() if n["dom0"] == domain)

    def cpu_mhz(self, name: str) -> float | None:
        """The clock rate of a node's CPUs, as Xen tells it; None where it does not."""
        told = self._info[name].get("cpu_mhz")
        return float(told) if told else None

    # -- observing ----------------------------------------------------------------------

    def observe(self) -> Observation:
        """Pinning and CPU time as the hypervisor has them, to its 0.1 s; what domains took in
        which nothing of ours runs, dom0s aside; and what other programs took of this machine,
        when it runs the nodes.

        Reading costs dom0 the CPU time of one call of the toolstack, half of it between
        two observations on either side.
        """
        uptime = [["cat", "/proc/uptime"]]
        listing = {
            n["ssh"]: [*uptime, xl.vcpu_list_argv(n["toolstack"])] for n in self.nodes.values()
        }
        answers = self.ssh.batch(listing)
        pinning: Pinning = {}
        domains: dict[str, Any] = {}
        hosts: dict[str, Any] = {}
        for name, node in self.nodes.items():
            (_, up), listed = answers[node["ssh"]]
            rows = self._trusted(name, xl.parse, *listed)
            self._check_domains(name, rows)
            clock = float(up.split()[0])
            for domain in node["domains"]:
                mine = self._rows_of(name, domain, rows)
                pinning[domain] = [self._cpus(name, row) for row in mine]
                domains[domain] = {"clock_s": clock, "cpu_s": _seconds(mine)}
            ours = {node["dom0"], *self.spec["ends"]} & set(node["domains"])
            own = sum(domains[domain]["cpu_s"] for domain in ours)
            hosts[node["ssh"]] = {
                "clock_s": clock,
                "program_s": _seconds(rows),
                "own_s": own,
                "steal_s": 0.0,
            }
        return {"pinning": pinning, "domains": domains, "hosts": {**hosts, **self.observe_here()}}

    def facts(self) -> dict[str, Any]:
        """Host names, kernels, the hypervisor and its options; kernels of both ends."""
        nodes: dict[str, Any] = {}
        for name, node in self.nodes.items():
            hostname, kernel, machine = self._heads[node["ssh"]]
            info = {key: self._info[name][key] for key in INFO if key in self._info[name]}
            nodes[name] = {"host": hostname, "kernel": kernel, "machine": machine, "info": info}
        versions = sorted({f"Xen {_version(info)}" for info in self._info.values()})
        emulated = ["emulated by QEMU"] if self.emulators() else []
        return {
            "host": "+".join(node["host"] for node in nodes.values()),
            "kernel": "+".join(sorted({node["kernel"] for node in nodes.values()})),
            "platform": ", ".join(versions + emulated),
            "nodes": nodes,
            "domain_kernels": {d: self._heads[self.host(d)][1] for d in self.spec["ends"]},
        }

    # -- asking -------------------------------------------------------------------------

    def _list(self) -> dict[str, Rows]:
        """Every VCPU of each node."""
        commands = {n["ssh"]: [xl.vcpu_list_argv(n["toolstack"])] for n in self.nodes.values()}
        answers = self.ssh.batch(commands)
        return {
            name: self._trusted(name, xl.parse, *answers[node["ssh"]][0])
            for name, node in self.nodes.items()
        }

    def _trusted(self, name: str, parse: Callable[[str], Any], status: int, text: str) -> Any:
        """What the toolstack said, parsed. Raises VcperfError naming the node."""
        there = f"{name} ({self.nodes[name]['ssh']})"
        if status:
            raise VcperfError(f"{there}: {xl.fault(text)}")
        try:
            return parse(text)
        except Untrusted as fault:
            raise VcperfError(f"{there}: {fault}") from None


def _seconds(rows: Rows) -> float:
    return sum(row["time_s"] or 0.0 for row in rows)


def _version(info: dict[str, str]) -> str:
    """Xen's version; xm names only its parts."""
    parts = f"{info.get('xen_major')}.{info.get('xen_minor')}{info.get('xen_extra')}"
    return info.get("xen_version", parts)
