"""The CPUs of emulated nodes, sampled from outside while another profiler samples the domains.

A domain cannot see the hypervisor below it. The emulator can: its monitor shows where each
CPU is, and Xen's memory shows which domain it is running. Each sample of a CPU is of the
hypervisor, of a domain, or idle, so the counts are shares of the node's CPU time.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter

from vcperf.errors import VcperfError
from vcperf.tools import qmp, xen_symbols
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any

    from vcperf.profilers import Sampler as Inside
    from vcperf.testbeds.contract import SampledXen

END_S = 30.0
OTHER_DOMAINS = "[other domains]"


class Sampler:
    """See `vcperf.profilers.Sampler`. Its result is the other profiler's, and `nodes`: node ->
    `samples` (of all its CPUs), `idle`, `hypervisor` (function -> samples), `domains`
    (domain -> samples outside of the hypervisor), `seconds`.

    Args:
        testbed: Xen nodes, up and pinned.
        wanted: frequency_hz.
        inside: what samples the domains meanwhile.
    """

    def __init__(self, testbed: SampledXen, wanted: dict[str, Any], inside: Inside) -> None:
        self.inside = inside
        monitors = testbed.context["emulator_monitors"]
        self.nodes = [
            Node(name, monitors[name], testbed.ids(name), wanted["frequency_hz"])
            for name in testbed.nodes
            if name in monitors
        ]

    def __enter__(self) -> Sampler:
        with contextlib.ExitStack() as stack:
            for node in self.nodes:
                node.connect()
                stack.callback(node.close)
            stack.enter_context(self.inside)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def start(self) -> None:
        self.inside.start()
        for node in self.nodes:
            node.start()

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()
        self.inside.stop()

    def result(self) -> dict[str, Any]:
        return {**self.inside.result(), "nodes": {node.name: node.result() for node in self.nodes}}


class Node:
    """One emulated node.

    Args:
        name: the node's.
        files: `monitor`, its QMP socket, and `symbols`, the list of Xen's.
        ids: Xen's numbers of its domains.
        frequency_hz: samples per second of each CPU; as many as the emulator gives.
    """

    def __init__(
        self, name: str, files: dict[str, str], ids: dict[str, int], frequency_hz: int
    ) -> None:
        self.name, self.files = name, files
        self.domains = {number: domain for domain, number in ids.items()}
        self.interval_s = 1 / frequency_hz
        self.counts: dict[str, Counter[str]] = {"hypervisor": Counter(), "domains": Counter()}
        self.idle = self.samples = 0
        self.seconds = 0.0
        self._fault: Exception | None = None
        self._of_vcpu: dict[int, int] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def connect(self) -> None:
        """Find the monitor, and where Xen keeps what its CPUs run.

        Raises VcperfError naming the node when one of them is not as expected.
        """
        try:
            with open(self.files["symbols"], encoding="utf-8") as handle:
                self.symbols = xen_symbols.Symbols(handle.read())
        except (OSError, ValueError, Untrusted) as fault:
            raise VcperfError(f"{self.name}: {self.files['symbols']}: {_message(fault)}") from None
        try:
            self.monitor = qmp.Monitor(self.files["monitor"])
        except (OSError, ValueError, Untrusted) as fault:
            raise VcperfError(f"{self.name}: {self.files['monitor']}: {_message(fault)}") from None
        try:
            (registers,) = self.monitor.ask([qmp.REGISTERS])
            cpus = range(len(qmp.parse_registers(registers)))
            offsets = [self.monitor.word(self.symbols.offsets + 8 * cpu) for cpu in cpus]
            current = [self.symbols.current(offset) for offset in offsets]
            self._commands = [qmp.REGISTERS, *map(qmp.word_command, current)]
            for address in current:
                vcpu = self.monitor.word(address)
                if not xen_symbols.in_hypervisor(vcpu):
                    raise Untrusted(f"a CPU runs a VCPU at {vcpu:#x}, where Xen keeps nothing")
                number = self._domain_id(vcpu)
                if number not in {*self.domains, xen_symbols.IDLE_DOMAIN}:
                    raise Untrusted(f"a CPU runs domain {number}, which Xen does not list")
        except (OSError, ValueError, Untrusted) as fault:
            self.close()
            hint = f"; is {self.files['symbols']} of the hypervisor that runs?"
            raise VcperfError(
                f"{self.name}: {self.files['monitor']}: {_message(fault)}"
                + (hint if isinstance(fault, Untrusted) else "")
            ) from None

    def close(self) -> None:
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(END_S)
        self.monitor.close()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join(END_S)

    def result(self) -> dict[str, Any]:
        """The counts. Raises VcperfError when the emulator stopped answering."""
        if self._fault or not self.samples:
            why = _message(self._fault) if self._fault else "no sample in time"
            raise VcperfError(f"{self.name}: {self.files['monitor']}: {why}")
        return {
            "samples": self.samples,
            "idle": self.idle,
            **{name: dict(sorted(counts.items())) for name, counts in self.counts.items()},
            "seconds": round(self.seconds, 3),
        }

    def _run(self) -> None:
        begin = due = time.monotonic()
        try:
            while not self._end.is_set():
                self._sample()
                # What came too late is left out, not made up for: the rate stays steady.
                due = max(due + self.interval_s, time.monotonic())
                self._end.wait(due - time.monotonic())
        except (OSError, ValueError, Untrusted) as fault:
            self._fault = fault
        self.seconds = time.monotonic() - begin

    def _sample(self) -> None:
        registers, *current = self.monitor.ask(self._commands)
        for (address, halted), vcpu in zip(
            qmp.parse_registers(registers), map(qmp.parse_word, current), strict=True
        ):
            self.samples += 1
            if halted:
                self.idle += 1
            elif xen_symbols.in_hypervisor(address):
                self.counts["hypervisor"][self.symbols.function(address)] += 1
            else:
                domain = self.domains.get(self._domain_id(vcpu), OTHER_DOMAINS)
                self.counts["domains"][domain] += 1

    def _domain_id(self, vcpu: int) -> int:
        """Xen's number of the domain that a VCPU, known by its address, is of."""
        if vcpu not in self._of_vcpu:
            domain = self.monitor.word(vcpu + xen_symbols.DOMAIN_OF_VCPU)
            self._of_vcpu[vcpu] = self.monitor.word(domain) & xen_symbols.ID_MASK
        return self._of_vcpu[vcpu]


def _message(fault: Exception) -> str:
    if isinstance(fault, TimeoutError):
        return "the emulator does not answer"
    return (fault.strerror if isinstance(fault, OSError) else "") or str(fault)
