"""EP of the NAS Parallel Benchmarks: command lines, and parsers for what it prints.

Reads NPB 2.3 to 3.4 (MPI, OpenMP, serial; Fortran, C and C++) and scripts/workloads/mpi/ep.c::

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
reader who must look. `pairs` are those accepted. The lines: vcperf.tools.ep_report.

The number of `processes` is that of threads in the OpenMP version. All parallel versions print
one; the serial version, which is the OpenMP one built without OpenMP, does not, and has 1.
"""

from __future__ import annotations

import sys

from vcperf.errors import VcperfError, quote
from vcperf.tools.ep_report import BEGIN, Run, runs
from vcperf.tools.filter import Row, Untrusted, main
from vcperf.tools.launcher import without_rank_prefix
from vcperf.tools.mpi import failure, fault

COLUMNS = ("class", "processes", "pairs", "sx", "sy", "time_s", "mops", "verified")
CLASSES = ("S", "W", "A", "B", "C", "D")  # ep.c's; NPB also has E and F

LOG_PAIRS = {"S": 24, "W": 25, "A": 28, "B": 30, "C": 32, "D": 36, "E": 40, "F": 44}
# sx and sy to verify against, with a relative error of 1e-8 at most: ep.f.
_SUMS = {
    "S": (-3.247834652034740e3, -6.958407078382297e3),
    "W": (-2.863319731645753e3, -6.320053679109499e3),
    "A": (-4.295875165629892e3, -1.580732573678431e4),
    "B": (4.033815542441498e4, -2.660669192809235e4),
    "C": (4.764367927995374e4, -8.084072988043731e4),
    "D": (1.982481200946593e5, -1.020596636361769e5),
    "E": (-5.319717441530e5, -3.688834557731e5),
}
# Of absolute values, as NPB 3.4.3 adds them: verify.f90. Its Changes.log dates that to 3.4.2, of
# which there are reports of both kinds, so the sums decide and not the version.
_ABSOLUTE_SUMS = {
    "S": (1.051299420395306e7, 1.051517131857535e7),
    "W": (2.102505525182392e7, 2.103162209578822e7),
    "A": (1.682235632304711e8, 1.682195123368299e8),
    "B": (6.728927543423024e8, 6.728951822504275e8),
    "C": (2.691444083862931e9, 2.691519118724585e9),
    "D": (4.306350280812112e10, 4.306347571859157e10),
    "E": (6.890169663167274e11, 6.890164670688535e11),
    "F": (1.102426773788175e13, 1.102426773787993e13),
}
_EPSILON = 1.01e-8
_COUNTS = 10
_NEEDED = ("log_pairs", "pairs", "sums", "class", "time", "mops", "verification")
VERIFIED = {"SUCCESSFUL": "yes", "UNSUCCESSFUL": "no", "NOT PERFORMED": "not performed"}
_SLACK = 0.001  # relative, beyond the rounding of two decimals


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
        raise VcperfError(f"{quote(size)} is no class of EP: expected one of {', '.join(CLASSES)}")
    return [program, *(["-repeat"] if repeat else []), size]


def parse(text: str) -> list[Row]:
    """Rows of COLUMNS, one per run. Times in seconds, rates in 10^6 operations per second.

    Raises Untrusted when a field is missing, damaged, unknown or there twice, or when fields
    contradict each other: counts and pairs, class and N, rate and time.
    """
    refuse_cut_or_failed(text)
    rows = [_checked(run) for run in runs(without_rank_prefix(text, BEGIN))]
    if not rows:
        raise Untrusted(f"no result of EP in it: {fault(text)}")
    return rows


def refuse_cut_or_failed(text: str) -> None:
    """Raises Untrusted when a launcher reports a failure, or the last line has no end."""
    if failure(text):
        raise Untrusted(f"the job failed: {fault(text)}")
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")


def _checked(run: Run) -> Row:
    """The row of a run, once its fields are all there and agree with each other."""
    fields = run.fields
    for name in _NEEDED:
        if name not in fields:
            raise Untrusted(f"the report is cut off or damaged: no {name.replace('_', ' ')}")
    size, pairs, log_pairs = fields["class"], int(fields["pairs"]), int(fields["log_pairs"])
    _check_size(run, size, log_pairs)
    expected = _COUNTS - (run.short and len(run.counts) == _COUNTS - 1)
    if len(run.counts) != expected or sum(run.counts) != pairs:
        raise Untrusted(
            f"{len(run.counts)} counts of {sum(run.counts)} pairs, not {expected} of {pairs}"
        )
    time_s, mops = float(fields["time"]), float(fields["mops"])
    _check_cpu_time(fields, time_s)
    agree(2.0**log_pairs, time_s, mops, rounding_s=0.00501, slack=_SLACK)
    processes = _processes(run)
    each = fields.get("rate_each")
    if each is not None and abs(float(each) - mops / processes) > 0.0101:
        raise Untrusted(f"{each} Mop/s each contradict {mops} in all")
    sx, sy = (float(value.upper().replace("D", "E")) for value in fields["sums"].split())
    verified = VERIFIED[fields["verification"]]
    if verified == "yes" and not _verifies(size, (sx, sy)):
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


def _check_size(run: Run, size: str, log_pairs: int) -> None:
    if LOG_PAIRS.get(size, log_pairs) != log_pairs:
        raise Untrusted(f"class {size} does not have 2^{log_pairs} pairs")
    if run.head.get("class", size) != size:
        raise Untrusted(f"class {size} contradicts class {run.head['class']} above the results")
    # Numbers are two per pair; the C version of 3.0 prints the logarithm.
    for found in (run.fields.get("size"), run.head.get("numbers")):
        if found is not None and int(found) not in (2 ** (log_pairs + 1), log_pairs + 1):
            raise Untrusted(f"{found} random numbers contradict 2^{log_pairs} pairs")


def _check_cpu_time(fields: dict[str, str], time_s: float) -> None:
    """It is the same time as `Time in seconds`, with another number of decimals."""
    printed = fields.get("cpu_time")
    if printed is None:
        return
    decimals = len(printed.partition(".")[2])
    if abs(float(printed) - time_s) > 0.00501 + 0.501 * 10.0**-decimals:
        raise Untrusted(f"CPU Time {printed} contradicts {time_s} s")


def _processes(run: Run) -> int:
    """How many processes or threads ran; see above for the serial version."""
    fields, above = run.fields, run.head.get("processes")
    if "processes" in fields and "threads" in fields:
        raise Untrusted("a number of processes and one of threads: expected one of them")
    counted = fields.get("processes") or fields.get("threads") or fields.get("requested")
    if "rate_each" in fields and counted is None:
        raise Untrusted("a rate of each process, and no number of processes")
    if "threading" in fields and counted is None:
        raise Untrusted("a library of threads, and no number of threads")
    # Above the results, the OpenMP version in C writes 1 whatever the number of threads.
    for other in (fields.get("active"), above):
        if "processes" in fields and other not in (None, fields["processes"]):
            raise Untrusted(f"{other} processes contradict {fields['processes']} processes")
    return int(counted or fields.get("available") or fields.get("active") or above or 1)


def _verifies(size: str, sums: tuple[float, float]) -> bool:
    """Whether both sums are those of a class, of one kind or the other."""
    return any(
        all(abs(a - b) <= _EPSILON * abs(b) for a, b in zip(sums, kind[size], strict=True))
        for kind in (_SUMS, _ABSOLUTE_SUMS)
        if size in kind
    )


def agree(
    pairs: float, time_s: float, mops: float, *, rounding_s: float, slack: float = 0.02
) -> None:
    """Mop/s are 2 pairs / t / 10^6. Raises Untrusted when they are not.

    Args:
        rounding_s: of the time.
        slack: relative; by it the rate may differ beyond its own rounding to two decimals.
    """
    operations = 2 * pairs / 1e6
    least = operations / (time_s + rounding_s) * (1 - slack)
    most = operations / (time_s - rounding_s) * (1 + slack) if time_s > rounding_s else 1e15
    if not least - 0.01 <= mops <= most + 0.01:
        raise Untrusted(f"{mops} Mop/s contradict {time_s} s for {pairs:.0f} pairs")


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
