"""perf on the hosts of guests alone: it sees the host, and from outside each thread that works for
a guest. A guest's samples have the thread in the place of the application: `vcpu 0`, `emulator`,
`iothread 1`, `vhost`.

What a guest's kernel and programs do is within its VCPUs. No perf runs in guests beside: the time
of a VCPU would be counted twice.
"""

from __future__ import annotations

from vcperf.profilers import perf_domains
from vcperf.profilers.perf_domains import fault
from vcperf.tools import perf_stacks, qemu_threads

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from vcperf.testbeds.contract import SampledHosts
    from vcperf.tools.perf_chunks import Lines

__all__ = ["Sampler", "fault"]


class Sampler(perf_domains.Sampler):
    """See `vcperf.profilers.Sampler`.

    Args:
        testbed: up and pinned.
        wanted: event, frequency_hz.
    """

    def __init__(self, testbed: SampledHosts, wanted: dict[str, Any]) -> None:
        super().__init__(testbed, wanted)
        self._nodes = {node["dom0"]: name for name, node in testbed.nodes.items()}
        self.hosts = {domain: self.hosts[domain] for domain in self._nodes}
        self._processes_of = testbed.guest_processes

    def _read(self, domain: str, stream: Lines) -> tuple[list[dict[str, Any]], list[str], int, int]:
        processes = self._processes_of(self._nodes[domain])
        profile, folded = perf_stacks.read(stream, lambda pid: processes.get(pid, domain))
        guests = set(processes.values())
        idle = sum(row["samples"] for row in profile.idle)
        return by_role(profile.rows, guests), roles_in(folded, guests), idle, profile.lost


def by_role(rows: list[dict[str, Any]], guests: Collection[str]) -> list[dict[str, Any]]:
    """Rows of `vcperf.tools.perf` with threads of guests by what they do; those that become alike
    are one.

    Args:
        rows: with the names of threads as applications.
        guests: the domains whose threads have a role.
    """
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        app = qemu_threads.role(row["app"]) if row["domain"] in guests else row["app"]
        key = (row["event"], row["domain"], app, row["image"], row["symbol"])
        known = merged.setdefault(key, {**row, "app": app, "samples": 0, "period": 0})
        known["samples"] += row["samples"]
        known["period"] += row["period"]
    return list(merged.values())


def roles_in(folded: list[str], guests: Collection[str]) -> list[str]:
    """The same of call stacks, `domain;app;outermost;...;leaf samples`."""
    counts: dict[str, int] = {}
    for line in folded:
        stack, _, count = line.rpartition(" ")
        domain, app, *calls = stack.split(";")
        if domain in guests:
            stack = ";".join([domain, qemu_threads.role(app), *calls])
        counts[stack] = counts.get(stack, 0) + int(count)
    return [f"{stack} {count}" for stack, count in sorted(counts.items())]
