"""The processes of containers, by the account that each has."""

from __future__ import annotations

import os

from vcperf.basics.cpulist import parse
from vcperf.errors import VcperfError
from vcperf.testbeds import processes
from vcperf.testbeds.container_networks import WithBackends
from vcperf.testbeds.domain_processes import DomainProcesses

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable

    from vcperf.testbeds.container_holding import Account
    from vcperf.testbeds.contract import Pinning


class ContainerProcesses(DomainProcesses):
    """What is in the account of a domain's container is the domain's. A command that we
    start is not: it is the runtime, which starts another in the container and waits for it.

    Args:
        domains: their names.
    """

    def __init__(self, domains: Iterable[str]) -> None:
        super().__init__(domains, lambda pid: "")
        self.first: dict[str, int] = {}
        """domain -> the first process of its container."""
        self._accounts: dict[str, Account] = {}
        self._runtime_s = 0.0

    def enter(self, domain: str, pid: int, account: Account) -> None:
        """Take a container that has started; `pid` is its first process."""
        self.first[domain], self._accounts[domain] = pid, account

    def add_backends(self, domain: str, pids: set[int]) -> None:
        """Count processes outside of its container to a domain."""
        self._accounts[domain] = WithBackends(self._accounts[domain], pids)

    def reap(self, domain: str, process: subprocess.Popen[bytes]) -> int:
        """Wait for the end of a command, and keep the CPU time of what started it."""
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        self._runtime_s += processes.all_threads_cpu_seconds(process.pid)
        self._accounts[domain].reaped(processes.waited_cpu_seconds(process.pid))
        process.wait()
        self._roots[domain].discard(process.pid)
        self._started.pop(process.pid, None)
        return process.returncode

    def alive(self) -> dict[str, set[int]]:
        """The processes of each container now."""
        return {domain: account.pids() for domain, account in self._accounts.items()}

    def cpu_seconds(self, alive: dict[str, set[int]]) -> dict[str, float]:
        """CPU time of each container so far, to the nanosecond or microsecond. Raises VcperfError
        when one has ended."""
        try:
            return {domain: account.cpu_seconds() for domain, account in self._accounts.items()}
        except OSError:
            raise VcperfError(self._ended(alive)) from None

    def take_pinning(self, alive: dict[str, set[int]]) -> Pinning:
        """What the account of each container says, and what the kernel allows each of its
        processes; those that differ give an entry each. Raises VcperfError when one has ended."""
        found: Pinning = {}
        for domain, account in self._accounts.items():
            if self.first[domain] not in alive[domain]:
                raise VcperfError(self._ended(alive))
            try:
                masks = {tuple(parse(account.cpus()))}
            except OSError:
                raise VcperfError(self._ended(alive)) from None
            for pid in alive[domain]:
                try:
                    masks.add(processes.affinity(pid))
                except ProcessLookupError:
                    continue
            found[domain] = sorted(list(mask) for mask in masks)
        return found

    def besides(self, alive: dict[str, set[int]]) -> float:
        """CPU seconds of all else in our PID namespace, ourselves included."""
        inside = set().union(*alive.values())
        others = {int(name) for name in os.listdir("/proc") if name.isdigit()} - inside
        return self._runtime_s + sum(map(processes.all_threads_cpu_seconds, others))

    def _ended(self, alive: dict[str, set[int]]) -> str:
        gone = [domain for domain, pid in self.first.items() if pid not in alive[domain]]
        return f"domain {', '.join(gone)}: its container has ended; did something kill it?"
