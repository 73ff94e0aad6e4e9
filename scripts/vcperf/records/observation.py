"""Two looks at a testbed, before and after a measurement, and what lies between them.

An *observation* is what a testbed tells of itself at one moment, in plain types:

    pinning  domain -> CPUs of each VCPU, as the kernel or hypervisor says
    domains  domain -> {clock_s, cpu_s, ...}: CPU seconds used so far, and the clock, in
             seconds, of the host that said so. A testbed with hosts adds to a host domain
             `host_s`, CPU seconds of the host outside its guests; one with more threads than
             VCPUs adds to a guest those of the others (`vcperf.kinds.cpu_parts`)
    hosts    host -> {clock_s, program_s, own_s, steal_s, ...}: CPU seconds of the host
             so far: in programs or domains, of these our own, and stolen below it. This
             host adds its load average and the state of its CPUs
             (`vcperf.testbeds.processes.cpu_state`)

Raw records keep both observations as they are; everything else is computed from them
here. Needs the standard library alone.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Observation = Mapping[str, Mapping[str, Any]]


def domain_cpu_percent(before: Observation, after: Observation, domain: str) -> float:
    """CPU time of a domain between two observations, in percent of one CPU."""
    return _percent(before["domains"][domain], after["domains"][domain], "cpu_s")


def part_seconds(before: Observation, after: Observation, domain: str, key: str) -> float | None:
    """A part of a domain's account between two observations, in seconds.

    Args:
        before, after: the observations.
        domain: whose.
        key: which part, such as `host_s`.

    Returns None where an observation lacks it; never less than 0, which the difference of two
    accounts of unlike precision can be.
    """
    first, last = before["domains"].get(domain, {}), after["domains"].get(domain, {})
    if key not in first or key not in last:
        return None
    return max(0.0, float(last[key] - first[key]))


def part_percent(before: Observation, after: Observation, domain: str, key: str) -> float | None:
    """As `part_seconds`, in percent of one CPU."""
    used = part_seconds(before, after, domain, key)
    if used is None:
        return None
    first, last = before["domains"][domain], after["domains"][domain]
    return float(100 * used / (last["clock_s"] - first["clock_s"]))


def disturbance(before: Observation, after: Observation) -> tuple[float, float]:
    """What the most disturbed host lost to others between two observations.

    Returns (others, steal), both in percent of one CPU. Others is the time in programs
    (or, under a hypervisor, in domains) less our own: at least what others took, since
    our own interrupt work can hide some.
    """
    found = [(0.0, 0.0)]
    for host, first in before["hosts"].items():
        last = after["hosts"][host]
        others = _percent(first, last, "program_s") - _percent(first, last, "own_s")
        found.append((max(0.0, others), _percent(first, last, "steal_s")))
    return max(found, key=sum)


def throttled(before: Observation, after: Observation) -> bool | None:
    """Whether a CPU of a host was throttled for its heat between two observations; None
    where no host tells."""
    rises = [
        count > before["hosts"][host].get(name, {}).get(cpu, count)
        for host, last in after["hosts"].items()
        for name in ("core_throttles", "package_throttles")
        for cpu, count in last.get(name, {}).items()
    ]
    return any(rises) if rises else None


def _percent(first: Mapping[str, float], last: Mapping[str, float], key: str) -> float:
    return 100 * (last[key] - first[key]) / (last["clock_s"] - first["clock_s"])
