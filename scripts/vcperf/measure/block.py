"""What every block has in common: its command line, the pinning held, the noise."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time

from vcperf import record
from vcperf.errors import VcperfError
from vcperf.testbeds import open_testbed

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from vcperf.testbeds import Testbed

    Measure = Callable[[Testbed, dict[str, Any], dict[str, Any]], None]
    """(testbed, spec, the record to fill) -> nothing; raises VcperfError."""


def main(measure: Measure) -> int:
    """Measure the block whose spec is the first argument, write the record that the
    second names.

    Returns the exit status: 0, or 1 with one line on stderr and no record.
    """
    if len(sys.argv) != 3:
        print(f"usage: {os.path.basename(sys.argv[0])} SPEC RECORD", file=sys.stderr)
        return 2
    try:
        spec = json.loads(sys.argv[1])
        record.write(sys.argv[2], _measured(measure, spec))
    except VcperfError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _measured(measure: Measure, spec: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"spec": spec, "commands": []}
    with open_testbed(spec) as testbed:
        testbed.pin()
        content["host"] = testbed.facts()
        measure(testbed, spec, content)
    return content


def check_pinning(testbed: Testbed, content: dict[str, Any], when: str) -> None:
    """Read the pinning back into the record and hold it against the spec.

    Args:
        testbed: the testbed, up and pinned.
        content: the record; gets `pinning_before` or `pinning_after`.
        when: before or after.

    Raises VcperfError naming the domain that is elsewhere.
    """
    found = testbed.read_pinning()
    content[f"pinning_{when}"] = found
    for domain, wanted in testbed.wanted_pinning().items():
        if found[domain] != wanted:
            raise VcperfError(
                f"domain {domain}: pinned to CPUs {wanted}, but {when} the measurement "
                f"it was on {found[domain]}; did something else move it?"
            )


@contextlib.contextmanager
def accounted(testbed: Testbed, content: dict[str, Any]) -> Iterator[None]:
    """Record the CPU time of each domain, and what others took of the host, meanwhile.

    `cpu` gets the window in seconds and CPU seconds by domain. `noise` gets the CPU
    seconds of the host in that window: busy and stolen (/proc/stat), ours, and others':
    busy in user and system mode less ours, so at least what others took (our own
    interrupt work can hide some).
    """
    before = testbed.cpu_seconds()
    self_before, host_before, started = os.times(), _host_cpu(), time.time()
    load = os.getloadavg()[0]
    yield
    window = time.time() - started
    host = {key: value - host_before[key] for key, value in _host_cpu().items()}
    used = {domain: s - before[domain] for domain, s in testbed.cpu_seconds().items()}
    self_after = os.times()
    own = sum(used.values()) + sum(self_after[:2]) - sum(self_before[:2])
    content["cpu"] = {"window_s": round(window, 6), "domains": _rounded(used)}
    content["noise"] = _rounded(
        {
            **host,
            "own_s": own,
            "others_s": max(0.0, host["program_s"] - own),
            "load_before": load,
        }
    )


def _host_cpu() -> dict[str, float]:
    """CPU seconds of the whole host since boot: in programs, in interrupts, stolen.

    Format: proc(5), /proc/stat, first line.
    """
    with open("/proc/stat", encoding="ascii") as handle:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(
            int, handle.readline().split()[1:9]
        )
    tick = os.sysconf("SC_CLK_TCK")
    return {
        "program_s": (user + nice + system) / tick,
        "interrupt_s": (irq + softirq) / tick,
        "steal_s": steal / tick,
    }


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 6) for key, value in values.items()}
