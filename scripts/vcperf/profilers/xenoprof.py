"""Xenoprof over the domains of Xen nodes: opcontrol's sequence by ssh, dom0 the initiator.

Guests in which the workload runs are active, each sampled by its own OProfile; dom0's
samples those that are passive; the others are not sampled. Each node is a separate profile,
and the record has them all; they are started and stopped together.
"""

from __future__ import annotations

import contextlib
import time

from vcperf.basics.text import last_line
from vcperf.errors import VcperfError
from vcperf.profilers import table_of
from vcperf.tools import opcontrol, oprofile
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vcperf.testbeds.contract import SampledXen, TestbedClass

SHUTDOWN = ["opcontrol", "--shutdown"]
# Events that count the cycles of a CPU that is not halted: a sample of them is a time.
CYCLES = ("GLOBAL_POWER_EVENTS", "CPU_CLK_UNHALTED")


def fault(testbed: type[TestbedClass], wanted: dict[str, Any]) -> str:
    """See `vcperf.profilers.fault`: only the domains can tell."""
    return ""


class Sampler:
    """See `vcperf.profilers.Sampler`.

    Args:
        testbed: Xen nodes, up and pinned.
        wanted: event, count, unit_mask, and optionally xen and vmlinux: files with symbols;
            and passive: domain -> its kernel with symbols, a file in dom0.
    """

    def __init__(self, testbed: SampledXen, wanted: dict[str, Any]) -> None:
        self.testbed, self.wanted = testbed, wanted
        self.session = f"vcperf-{time.time_ns()}"
        self.ids: dict[str, dict[int, str]] = {}  # node -> those with an OProfile, by id
        self.passive: dict[str, dict[int, str]] = {}  # node -> the others that are sampled
        self._running = False

    def __enter__(self) -> Sampler:
        used, passive = self.testbed.spec["ends"], self.wanted.get("passive", {})
        for name, node in self.testbed.nodes.items():
            ids = self.testbed.ids(name)
            self.ids[name] = {
                ids[domain]: domain
                for domain in node["domains"]
                if domain in used or ids[domain] == opcontrol.DOM0
            }
            self.passive[name] = {ids[d]: d for d in node["domains"] if d in passive}
        return self

    def __exit__(self, *_: object) -> None:
        if self._running:
            for name in self.ids:
                for domain in reversed(self.ids[name].values()):
                    with contextlib.suppress(VcperfError):
                        self._run([(domain, SHUTDOWN)])

    def start(self) -> None:
        self._running = True
        self._stages(lambda name: opcontrol.before(self._daemon(name), self._active(name)))

    def _daemon(self, name: str) -> list[str]:
        passive = self.wanted.get("passive", {})
        return opcontrol.start_daemon_argv(
            event=opcontrol.event_option(
                self.wanted["event"], self.wanted["count"], self.wanted["unit_mask"]
            ),
            xen=self.wanted.get("xen"),
            vmlinux=self.wanted.get("vmlinux"),
            active=self._active(name),
            passive={number: passive[domain] for number, domain in self.passive[name].items()},
            by_application=True,
        )

    def stop(self) -> None:
        self._stages(lambda name: opcontrol.stop(self._active(name)))

    def result(self) -> dict[str, Any]:
        self._stages(lambda name: opcontrol.after(self.session, self._active(name)))
        argv = opcontrol.report_argv(self.session, symbols=True)
        asked = [(name, domain) for name, ids in self.ids.items() for domain in ids.values()]
        reports = self._run([(domain, argv) for _, domain in asked])
        rows: list[dict[str, Any]] = []
        for (name, domain), report in zip(asked, reports, strict=True):
            try:
                found = oprofile.parse(report)
            except Untrusted as fault:
                raise VcperfError(f"domain {domain}: opreport: {fault}") from None
            rows += [{**row, "domain": self._whose(row, name, domain)} for row in found]
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
            **table_of(rows),
            "folded": "",
            "folded_left_out": 0,
        }

    def _sample_ns(self, events: list[str]) -> float | None:
        """CPU time of a sample, by the clock rate that Xen reports of the slowest node."""
        rates = [self.testbed.cpu_mhz(name) for name in self.ids]
        if not all(rates) or len(events) != 1 or events[0] not in CYCLES:
            return None
        return 1e3 * float(self.wanted["count"]) / min(filter(None, rates))

    def _active(self, name: str) -> list[int]:
        return sorted(number for number in self.ids[name] if number != opcontrol.DOM0)

    def _whose(self, row: dict[str, Any], name: str, domain: str) -> str:
        """The domain of a row of a domain's report: that one, or a passive one by its id."""
        number = row["domain"]
        return self.passive[name].get(int(number), f"domain{number}") if number else domain

    def _stages(self, of_node: Callable[[str], list[opcontrol.Stage]]) -> None:
        """Run the stages of all nodes, each stage on all at the same time."""
        for stages in zip(*map(of_node, self.ids), strict=True):
            self._run(
                [
                    (self.ids[name][number], argv)
                    for name, stage in zip(self.ids, stages, strict=True)
                    for number, argv in stage
                ]
            )

    def _run(self, commands: list[tuple[str, list[str]]]) -> list[str]:
        """Run commands in domains, hosts side by side; what each printed.

        Raises VcperfError with the error of one that failed.
        """
        argvs = [(self.testbed.host_of(domain), argv) for domain, argv in commands]
        printed = []
        for (host, argv), (domain, _), (status, output) in zip(
            argvs, commands, self.testbed.ssh.in_order(argvs), strict=True
        ):
            if status != 0:
                fault = last_line(output, f"status {status}")
                raise VcperfError(f"domain {domain} ({host}): {' '.join(argv[:2])}: {fault}")
            printed.append(output)
        return printed
