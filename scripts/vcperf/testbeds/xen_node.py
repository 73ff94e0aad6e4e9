"""One Xen host, as its toolstack describes it."""

from __future__ import annotations

from vcperf.errors import VcperfError, quote
from vcperf.tools import xl
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Rows = list[dict[str, Any]]
    """Of `xl.parse`: one per VCPU."""

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


class XenNode:
    """A node of a spec.

    Args:
        name: the node's.
        node: what the spec says of it: `ssh`, `toolstack`, `domains` (domain -> CPUs of each
            VCPU), `xen` (domain -> its name in Xen).
        head: what `uname -nrm` printed there.
        info: status and output of the toolstack's info.
        boot: what `pins.BOOT_ARGV` printed there.

    Raises VcperfError naming the node when it is no Xen host.
    """

    def __init__(
        self, name: str, node: dict[str, Any], head: str, info: tuple[int, str], boot: str
    ) -> None:
        self.node, self.ssh = node, str(node["ssh"])
        self.where = f"{name} ({self.ssh})"
        self.hostname, self.kernel, self.machine = head.split()
        self.boot = boot.strip()
        self.info: dict[str, str] = self._trusted(xl.parse_info, *info)

    def list_argv(self) -> list[str]:
        """The command that lists every VCPU of the node, for `rows`."""
        return xl.vcpu_list_argv(self.node["toolstack"])

    def rows(self, status: int, text: str) -> Rows:
        """What `list_argv` printed, held against what the spec asks of the node.

        Raises VcperfError naming node and domain: a domain that is missing or does not run,
        other VCPUs than the spec's, one that is offline, a CPU that the node lacks.
        """
        rows: Rows = self._trusted(xl.parse, status, text)
        for domain, vcpus in self.node["domains"].items():
            self._check_domain(domain, vcpus, rows)
        return rows

    def _trusted(self, parse: Callable[[str], Any], status: int, text: str) -> Any:
        if status:
            raise VcperfError(f"{self.where}: {xl.fault(text)}")
        try:
            return parse(text)
        except Untrusted as fault:
            raise VcperfError(f"{self.where}: {fault}") from None

    def _check_domain(self, domain: str, vcpus: list[list[int]], rows: Rows) -> None:
        mine = self.rows_of(domain, rows)
        if not mine:
            known = ", ".join(sorted({str(row["domain"]) for row in rows}))
            xen_name = self.node["xen"][domain]
            raise VcperfError(
                f"domain {domain}: {self.where} has no domain {quote(xen_name)} now; it has {known}"
            )
        if len(mine) != len(vcpus):
            raise VcperfError(
                f"domain {domain}: has {len(mine)} VCPUs on {self.where},"
                f" the configuration says {len(vcpus)}"
            )
        if mine[0]["id"] is None:
            raise VcperfError(f"domain {domain}: does not run on {self.where}")
        for row, cpus in zip(mine, vcpus, strict=True):
            if row["cpu"] is None and row["state"].endswith("p"):
                raise VcperfError(f"domain {domain}: VCPU {row['vcpu']} is offline on {self.where}")
            beyond = [cpu for cpu in cpus if cpu >= self.cpu_count()]
            if beyond:
                raise VcperfError(
                    f"domain {domain}: pinned to CPU {beyond[0]}, but {self.where} has"
                    f" {self.cpu_count()} CPUs"
                )

    def rows_of(self, domain: str, rows: Rows) -> Rows:
        """A domain's rows, in the order of its VCPUs."""
        xen_name = self.node["xen"][domain]
        mine = [row for row in rows if row["domain"] == xen_name]
        return sorted(mine, key=lambda row: int(row["vcpu"]))

    def pinning(self, domain: str, rows: Rows) -> list[list[int]]:
        """The CPUs on which each VCPU of a domain may run."""
        return [self._cpus(row) for row in self.rows_of(domain, rows)]

    def misplaced(self, rows: Rows) -> list[tuple[dict[str, Any], list[int]]]:
        """The VCPUs that are not where the spec wants them, and where that is."""
        found = []
        for domain, vcpus in self.node["domains"].items():
            for row, cpus in zip(self.rows_of(domain, rows), vcpus, strict=True):
                if self._cpus(row) != sorted(cpus):
                    found.append((row, sorted(cpus)))
        return found

    def _cpus(self, row: dict[str, Any]) -> list[int]:
        return xl.cpu_set(row["hard_affinity"], self.cpu_count())

    def cpu_count(self) -> int:
        """How many CPU numbers the node has, those of CPUs that are offline included."""
        if "max_cpu_id" in self.info:
            return int(self.info["max_cpu_id"]) + 1
        return int(self.info["nr_cpus"])

    def ids(self, rows: Rows) -> dict[str, int]:
        """domain -> Xen's number of it."""
        return {domain: int(self.rows_of(domain, rows)[0]["id"]) for domain in self.node["domains"]}

    def cpu_mhz(self) -> float | None:
        """The clock rate of the node's CPUs; None where Xen does not report it."""
        rate = self.info.get("cpu_mhz")
        return float(rate) if rate else None

    def version(self) -> str:
        """Xen's version; xm names only its parts."""
        info = self.info
        parts = f"{info.get('xen_major')}.{info.get('xen_minor')}{info.get('xen_extra')}"
        return info.get("xen_version", parts)

    def facts(self) -> dict[str, Any]:
        """Its part of a record's `nodes`."""
        info = {key: self.info[key] for key in INFO if key in self.info}
        head = {"host": self.hostname, "kernel": self.kernel, "machine": self.machine}
        return {**head, "info": info}


def seconds(rows: Rows) -> float:
    """CPU time of VCPUs so far."""
    return sum(row["time_s"] or 0.0 for row in rows)
