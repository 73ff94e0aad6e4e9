"""Xenoprof over the domains of Xen nodes: opcontrol's sequence by ssh, dom0 the initiator.

Guests in which the workload runs are active, sampled by an OProfile of their own; the
others are not sampled. Each node is a profile of its own, and the record has them all.
"""

from __future__ import annotations

import contextlib
import time

from vcperf.errors import VcperfError
from vcperf.profilers import as_csv
from vcperf.tools import opcontrol, oprofile
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any

    from vcperf.testbeds.xen import XenTestbed

SHUTDOWN = ["opcontrol", "--shutdown"]
# Events that count the cycles of a CPU that is not halted: a sample of them is a time.
CYCLES = ("GLOBAL_POWER_EVENTS", "CPU_CLK_UNHALTED")


class Sampler:
    """See `vcperf.profilers.Sampler`.

    Args:
        testbed: Xen nodes, up and pinned.
        wanted: event, count, unit_mask, and optionally xen and vmlinux: files with symbols.
    """

    def __init__(self, testbed: XenTestbed, wanted: dict[str, Any]) -> None:
        self.testbed, self.wanted = testbed, wanted
        self.session = f"vcperf-{time.time_ns()}"
        self.ids: dict[str, dict[int, str]] = {}
        self._running = False

    def __enter__(self) -> Sampler:
        used = self.testbed.spec["ends"]
        for name, node in self.testbed.nodes.items():
            ids = self.testbed.ids(name)
            self.ids[name] = {
                ids[domain]: domain
                for domain in node["domains"]
                if domain in used or ids[domain] == opcontrol.DOM0
            }
        return self

    def __exit__(self, *_: object) -> None:
        if self._running:
            for name in self.ids:
                for domain in reversed(self.ids[name].values()):
                    with contextlib.suppress(VcperfError):
                        self._run(domain, SHUTDOWN)

    def start(self) -> None:
        event = opcontrol.event_option(
            self.wanted["event"], self.wanted["count"], self.wanted["unit_mask"]
        )
        self._running = True
        for name in self.ids:
            daemon = opcontrol.start_daemon_argv(
                event=event,
                xen=self.wanted.get("xen"),
                vmlinux=self.wanted.get("vmlinux"),
                active=self._active(name),
                by_application=True,
            )
            self._steps(name, opcontrol.before(daemon, self._active(name)))

    def stop(self) -> None:
        for name in self.ids:
            steps = opcontrol.after(self.session, self._active(name))
            self._steps(name, [step for step in steps if "--stop" in step[1]])

    def result(self) -> dict[str, Any]:
        rows: list[dict[str, Any]] = []
        for name in self.ids:
            steps = opcontrol.after(self.session, self._active(name))
            self._steps(name, [step for step in steps if "--stop" not in step[1]])
            for domain in self.ids[name].values():
                report = self._run(domain, opcontrol.report_argv(self.session, symbols=True))
                try:
                    rows += [{**row, "domain": domain} for row in oprofile.parse(report)]
                except Untrusted as fault:
                    raise VcperfError(f"domain {domain}: opreport: {fault}") from None
        self._running = False
        total = sum(row["samples"] for row in rows)
        for row in rows:
            row["percent"] = round(100 * row["samples"] / total, 6) if total else None
        rows.sort(key=lambda row: (-row["samples"], *map(str, row.values())))
        events = sorted({str(row["event"] or "timer") for row in rows})
        return {
            "event_asked": self.wanted["event"],
            "event": "+".join(events) or self.wanted["event"],
            "sample_ns": self._sample_ns(events),
            "idle": None,
            "lost": None,
            "rows": as_csv(rows),
            "folded": "",
            "folded_left_out": 0,
        }

    def _sample_ns(self, events: list[str]) -> float | None:
        """CPU time of a sample, by the clock rate that Xen tells of the slowest node."""
        rates = [self.testbed.cpu_mhz(name) for name in self.ids]
        if not all(rates) or len(events) != 1 or events[0] not in CYCLES:
            return None
        return 1e3 * float(self.wanted["count"]) / min(filter(None, rates))

    def _active(self, name: str) -> list[int]:
        return sorted(number for number in self.ids[name] if number != opcontrol.DOM0)

    def _steps(self, name: str, steps: list[opcontrol.Step]) -> None:
        for number, argv in steps:
            self._run(self.ids[name][number], argv)

    def _run(self, domain: str, argv: list[str]) -> str:
        """Run a command in a domain; what it printed. Raises VcperfError with its words."""
        host = self.testbed.host_of(domain)
        ((status, said),) = self.testbed.ssh.batch({host: [argv]})[host]
        if status != 0:
            lines = [line.strip() for line in said.splitlines() if line.strip()]
            raise VcperfError(
                f"domain {domain} ({host}): {' '.join(argv[:2])}:"
                f" {lines[-1] if lines else f'status {status}'}"
            )
        return said
