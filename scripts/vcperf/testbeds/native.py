"""Testbed `native`: each domain a set of plain processes on the host, talking over
loopback. The baseline, and what is left where namespaces are refused."""

from __future__ import annotations

import os

from vcperf.basics.checkout import LAUNCHERS
from vcperf.errors import VcperfError
from vcperf.testbeds import processes
from vcperf.testbeds.cluster import Cluster
from vcperf.testbeds.local import LocalTestbed

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from vcperf.testbeds import contract

SCRATCH = "vcperf-native."
LOOPBACK_FLAGS = "/sys/class/net/lo/flags"
_UP = 0x1  # IFF_UP, in the kernel's include/uapi/linux/if.h
DOMAIN_MARK = "VCPERF_DOMAIN"  # in the environment of what scripts/launchers/place-rank starts


class NativeTestbed(LocalTestbed):
    """Domains that are nothing but their CPUs."""

    name = "native"
    isolation = "none"
    platform = "plain processes on one host"
    one_interface = True
    _scratch = ""

    @staticmethod
    def host_fault() -> str:
        """What is wrong with the loopback interface, which all traffic takes."""
        try:
            with open(LOOPBACK_FLAGS, encoding="ascii") as handle:
                up = int(handle.read(), 16) & _UP
        except (OSError, ValueError):
            return ""  # nobody can tell
        return "" if up else "the loopback interface lo is down; `ip link set lo up`"

    def bring_up(self) -> None:
        """Make every domain. Raises VcperfError when loopback is down."""
        fault = self.host_fault()
        if fault:
            raise VcperfError(f"testbed native: {fault}")
        super().bring_up()

    def __exit__(self, *fault: object) -> None:
        super().__exit__(*fault)
        if self._scratch:
            import shutil  # its start-up time is only for MPI and perf

            shutil.rmtree(self._scratch, ignore_errors=True)

    def anchor_argv(self, domain: str) -> list[str]:
        """A process that waits for the end of its input."""
        return [*self.enter_argv(domain), "sh", "-c", "echo ready; read -r _"]

    def enter_argv(self, domain: str) -> list[str]:
        """Tie a command to us: no namespace does it here."""
        return ["setpriv", "--pdeathsig", "KILL"]

    def address(self, domain: str) -> str:
        """Loopback: all domains are one host."""
        return "127.0.0.1"

    def scratch(self) -> str:
        """A folder in the host's temporary one. What killed blocks left there goes first: one
        block at a time is measured on a host, so none of it is in use."""
        if not self._scratch:
            import shutil
            import tempfile

            with os.scandir(tempfile.gettempdir()) as entries:
                left = [e for e in entries if e.name.startswith(SCRATCH)]
            for entry in left:
                if entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                    shutil.rmtree(entry.path, ignore_errors=True)
            self._scratch = tempfile.mkdtemp(prefix=SCRATCH)
        return self._scratch

    def cluster_of(self, domains: list[str]) -> Cluster:
        """One host: each rank is held to its domain's CPUs as it starts."""
        lines = [f"{rank} {self.cpu_list(d)} {d}" for rank, d in enumerate(domains)]
        launch = ["env", f"TMPDIR={self.scratch()}", "VCPERF_RANKS=" + "\n".join(lines)]
        hosts = ["127.0.0.1"] * len(domains)
        return Cluster(hosts, "lo", None, launch, [f"{LAUNCHERS}/place-rank"])

    def home(self, pid: int) -> str | None:
        """The domain that launchers/place-rank has named; a launcher itself has no such mark."""
        domain = processes.environment(pid, DOMAIN_MARK)
        return domain if domain is None or domain in self.cpus else ""


if TYPE_CHECKING:  # mypy holds the class to the contract
    _class: type[contract.LocalClass] = NativeTestbed
    _opened: type[contract.Testbed] = NativeTestbed
    _sampled: type[contract.SampledHere] = NativeTestbed
