"""Which processes of this machine belong to which domain, and what they have used."""

from __future__ import annotations

import contextlib
import os

from vcperf.testbeds import processes

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable

    from vcperf.testbeds.contract import Pinning


class DomainProcesses:
    """The processes of some domains: those that we started, and what these started.

    Args:
        domains: their names.
        home: see `LocalTestbed.home`.
    """

    def __init__(self, domains: Iterable[str], home: Callable[[int], str | None]) -> None:
        self.helpers: set[int] = set()
        """Processes of ours in no domain, alive at both observations: no disturbance."""
        self.spread = False
        """Whether a command of one domain starts others elsewhere, as an MPI launcher does."""
        self._home = home
        self._roots: dict[str, set[int]] = {domain: set() for domain in domains}
        self._started: dict[int, str] = {}
        self._ended_s: dict[str, float] = dict.fromkeys(self._roots, 0.0)
        self._ended_masks: dict[str, set[tuple[int, ...]]] = {d: set() for d in self._roots}
        self._homes: dict[int, str] = {}  # of the processes seen since

    def add(self, domain: str, pid: int) -> None:
        """Count a process that we started, and all that it starts, to a domain."""
        self._roots[domain].add(pid)

    def add_command(self, domain: str, pid: int) -> None:
        """The same for a command, which `owners` knows beyond its end."""
        self.add(domain, pid)
        self._started[pid] = domain

    def reap(self, domain: str, process: subprocess.Popen[bytes]) -> int:
        """Wait for a command's end and keep its pinning and CPU time before they go.

        Returns its exit status.
        """
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        self._ended_masks[domain].add(processes.affinity(process.pid))
        _, wait_status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        self._ended_s[domain] += usage.ru_utime + usage.ru_stime
        self._roots[domain].discard(process.pid)
        return process.returncode

    def alive(self) -> dict[str, set[int]]:
        """The processes of each domain now."""
        if not self.spread:
            return processes.families(self._roots)
        placed: dict[str, set[int]] = {domain: set() for domain in self._roots}
        for domain, pids in processes.families({**self._roots, "": self._adopted()}).items():
            for pid in pids:
                home = self._home(pid)
                if home is None:  # it is ending, or has ended and nobody has waited for it
                    home = self._homes.get(pid)
                elif home := home or domain:
                    self._homes[pid] = home
                if home:
                    placed[home].add(pid)
        return placed

    def cpu_seconds(self, alive: dict[str, set[int]]) -> dict[str, float]:
        """CPU time of each domain so far, that of ended commands included."""
        return {
            domain: ended + sum(map(processes.cpu_seconds, alive[domain]))
            for domain, ended in self._ended_s.items()
        }

    def take_pinning(self, alive: dict[str, set[int]]) -> Pinning:
        """What the kernel allows each process of each domain, and what it allowed the commands
        that have ended since this was asked before; processes that differ give an entry each."""
        found: Pinning = {}
        for domain, masks in self._ended_masks.items():
            for pid in alive[domain]:
                with contextlib.suppress(ProcessLookupError):
                    masks.add(processes.affinity(pid))
            found[domain] = sorted(list(mask) for mask in masks)
            self._ended_masks[domain] = set()
        return found

    def owners(self) -> dict[int, str]:
        """Process -> domain, of those alive and of the commands that have ended."""
        alive = {pid: domain for domain, pids in self.alive().items() for pid in pids}
        return self._started | alive

    def _adopted(self) -> set[int]:
        """Our children that we have not started: a launcher that ends before its agents
        leaves them, and the CPU time of the ranks below them, to us where we are the first
        process."""
        known = self.helpers.union(*self._roots.values())
        return processes.children(os.getpid()) - known
