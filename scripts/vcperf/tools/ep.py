"""EP of the NAS Parallel Benchmarks: command lines, and parsers for what it prints.

Reads NPB 2.3 to 3.4 (MPI, OpenMP, serial; Fortran and C) and scripts/workloads/mpi/ep.c::

    EP Benchmark Results:

    CPU Time =    0.2911
    N = 2^   24
    No. Gaussian Pairs =      13176389.
    Sums =    -3.247834652034740D+03   -6.958407078382297D+03
    ...
     EP Benchmark Completed.
     Class           =                        S
     Time in seconds =                     0.29
     Total processes =                        2
     Mop/s total     =                   115.27
     Verification    =               SUCCESSFUL

gives ``S,2,13176389,-3247.83465203474,-6958.407078382297,0.29,115.27,yes``. `verified` is yes, no
or not performed; a program that refused its own result has run all the same, so it is the
reader who must look. `pairs` are those accepted. Format: ep.f and print_results.f of NPB.
"""

from __future__ import annotations

import re
import sys

from vcperf.errors import VcperfError
from vcperf.tools.filter import Row, Untrusted, main
from vcperf.tools.mpi import failure, fault

COLUMNS = ("class", "processes", "pairs", "sx", "sy", "time_s", "mops", "verified")
CLASSES = ("S", "W", "A", "B", "C", "D")  # ep.c's; NPB also has E and F

LOG_PAIRS = {"S": 24, "W": 25, "A": 28, "B": 30, "C": 32, "D": 36, "E": 40, "F": 44}
# ep.f's sx and sy to verify against, with a relative error of 1e-8 at most.
_SUMS = {
    "S": (-3.247834652034740e3, -6.958407078382297e3),
    "W": (-2.863319731645753e3, -6.320053679109499e3),
    "A": (-4.295875165629892e3, -1.580732573678431e4),
    "B": (4.033815542441498e4, -2.660669192809235e4),
    "C": (4.764367927995374e4, -8.084072988043731e4),
    "D": (1.982481200946593e5, -1.020596636361769e5),
    "E": (-5.319717441530e5, -3.688834557731e5),
}
_NUMBER = r"(\d{1,12}\.\d{1,6}|\d{1,12}\.?)"
_SUM = r"([+-]?\d{1,3}\.\d{3,17}[DdEe][+-]\d{2,3})"
# One line of the report each: a name, and the pattern with one group (two for the sums).
_FIELDS = {
    "begin": r"(EP Benchmark Results) ?:",
    "cpu_time": rf"CPU Time ?= ?{_NUMBER}",
    "log_pairs": r"N ?= ?2\^ ?(\d{1,2})",
    "pairs": r"No\. Gaussian Pairs ?= ?(\d{1,15})\.?",
    "sums": rf"Sums ?= ?{_SUM} ?{_SUM}",
    "completed": r"(EP Benchmark Completed)\.?",
    "class": r"Class ?= ?([A-Z])",
    "time": rf"Time in seconds ?= ?{_NUMBER}",
    "processes": r"(?:Total (?:processes|threads)|No\. of threads) ?= ?([1-9]\d{0,6})",
    "mops": rf"Mop/s total ?= ?{_NUMBER}",
    "rate_each": rf"Mop/s/(?:process|thread) ?= ?{_NUMBER}",
    "verification": r"Verification ?= ?(SUCCESSFUL|UNSUCCESSFUL|NOT PERFORMED)",
}
# The serial version prints neither of the last two.
_OPTIONAL = ("cpu_time", "processes", "rate_each")
# With these a line is a field, whatever follows.
_LABELS = r"CPU Time|N ?= ?2|No\. Gauss|Sums|Class\b|Time in|Total (?:proc|thr)|Mop/s|Verification"
_COUNTS = 10
_COUNT = r"(\d) ?(\d{1,15})\.?"
VERIFIED = {"SUCCESSFUL": "yes", "UNSUCCESSFUL": "no", "NOT PERFORMED": "not performed"}
_SLACK = 0.02  # relative; beyond the rounding of two decimals

def argv(program: str, size: str, *, repeat: bool = False) -> list[str]:
    """The command line of ep.c, without the launcher.

    Args:
        program: its path.
        size: the class, one of CLASSES.
        repeat: again and again until SIGTERM, as background load.

    Raises VcperfError for a class that it has not.

    >>> argv("ep", "A", repeat=True)
    ['ep', '-repeat', 'A']
    """
    if size not in CLASSES:
        raise VcperfError(f"{size!r} is no class of EP: expected one of {', '.join(CLASSES)}")
    return [program, *(["-repeat"] if repeat else []), size]


def parse(text: str) -> list[Row]:
    """Rows of COLUMNS, one a run. Times in seconds, rates in 10^6 operations a second.

    `processes` are threads in the OpenMP version, and 1 in the serial one.

    Raises Untrusted when a field is missing, damaged or twice there, or when they contradict
    each other: counts and pairs, class and N, rate and time.
    """
    refuse_cut_or_failed(text)
    rows, run, counts = [], dict[str, tuple[str, ...]](), list[int]()
    for number, line in enumerate(text.split("\n"), start=1):
        words = " ".join(line.split())
        try:
            name, values = _field(words)
            if name == "begin" and run:
                rows.append(_checked(run, counts))
                run, counts = {}, []
            if name in run:
                raise Untrusted(f"{words!r} is there twice")
            if name and name != "begin" and "begin" not in run:
                raise Untrusted(f"{words!r} before 'EP Benchmark Results'")
            if name:
                run[name] = values
        except Untrusted as reason:
            raise Untrusted(f"line {number}: {reason}") from None
        count = re.fullmatch(rf"(?a){_COUNT}", words)
        if count and "begin" in run and "completed" not in run:
            if int(count[1]) != len(counts):
                raise Untrusted(f"line {number}: count {len(counts)} is missing")
            counts.append(int(count[2]))
    if not run:
        raise Untrusted(f"no result of EP in it: {fault(text)}")
    return [*rows, _checked(run, counts)]


def refuse_cut_or_failed(text: str) -> None:
    """Raises Untrusted when a launcher tells of a failure, or the last line has no end."""
    if failure(text):
        raise Untrusted(f"the job failed: {fault(text)}")
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")


def _field(words: str) -> tuple[str, tuple[str, ...]]:
    """Which field a line holds, and what; '' for a line that holds none."""
    for name, pattern in _FIELDS.items():
        match = re.fullmatch(f"(?a){pattern}", words)
        if match:
            return name, match.groups()
    if re.match(_LABELS, words):
        raise Untrusted(f"a damaged field: {words!r}")
    return "", ()


def _checked(run: dict[str, tuple[str, ...]], counts: list[int]) -> Row:
    missing = [name for name in _FIELDS if name not in run and name not in _OPTIONAL]
    if missing:
        raise Untrusted(f"the report is cut off or damaged: no {missing[0].replace('_', ' ')}")
    size, pairs = run["class"][0], int(run["pairs"][0])
    log_pairs = int(run["log_pairs"][0])
    if LOG_PAIRS.get(size, log_pairs) != log_pairs:
        raise Untrusted(f"class {size} has not 2^{log_pairs} pairs")
    if len(counts) != _COUNTS or sum(counts) != pairs:
        raise Untrusted(f"{len(counts)} counts of {sum(counts)} pairs, not {_COUNTS} of {pairs}")
    time_s, mops = float(run["time"][0]), float(run["mops"][0])
    if "cpu_time" in run and abs(float(run["cpu_time"][0]) - time_s) > 0.011:
        raise Untrusted(f"CPU Time {run['cpu_time'][0]} contradicts {time_s} s")
    agree(2.0**log_pairs, time_s, mops, rounding_s=0.00501)
    processes = int(run["processes"][0]) if "processes" in run else 1
    if "rate_each" in run:
        if "processes" not in run:
            raise Untrusted("a rate of each process, and no number of processes")
        if abs(float(run["rate_each"][0]) - mops / processes) > 0.0101:
            raise Untrusted(f"{run['rate_each'][0]} Mop/s each contradict {mops} in all")
    sx, sy = (float(re.sub("[Dd]", "E", value)) for value in run["sums"])
    verified = VERIFIED[run["verification"][0]]
    expected = _SUMS.get(size, (sx, sy))
    near = all(abs(a / b - 1) <= 1.01e-8 for a, b in zip((sx, sy), expected, strict=True))
    if verified == "yes" and not near:
        raise Untrusted(f"SUCCESSFUL, and yet the sums are not those of class {size}")
    return {
        "class": size,
        "processes": processes,
        "pairs": pairs,
        "sx": sx,
        "sy": sy,
        "time_s": time_s,
        "mops": mops,
        "verified": verified,
    }


def agree(pairs: float, time_s: float, mops: float, *, rounding_s: float) -> None:
    """Mop/s are 2 pairs / t / 10^6. Raises Untrusted when they are not, beyond rounding."""
    operations = 2 * pairs / 1e6
    least = operations / (time_s + rounding_s) * (1 - _SLACK)
    most = operations / (time_s - rounding_s) * (1 + _SLACK) if time_s > rounding_s else 1e15
    if not least - 0.01 <= mops <= most + 0.01:
        raise Untrusted(f"{mops} Mop/s contradict {time_s} s for {pairs:.0f} pairs")


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
