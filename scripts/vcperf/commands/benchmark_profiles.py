"""What reading a profile costs: our parser against `perf report --stdio` of the same data.

    python -m vcperf benchmark-profiles perf.data

Prints the lines of its perf script output, the CPU seconds of both (the least of three
runs each, in turn), their ratio, and the parser's memory at most.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile

from vcperf.errors import VcperfError
from vcperf.tools import perf_samples

RUNS = 3


def cpu_seconds(argv: list[str], stdin: int) -> tuple[float, float]:
    """CPU seconds of a command, and its memory at most, in MB."""
    with subprocess.Popen(
        argv, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise VcperfError(f"{' '.join(argv)}: exit status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main(argv: list[str]) -> int:
    """Read the recording by both in turns and print what it cost. Returns 0."""
    parser = argparse.ArgumentParser(
        prog="vcperf benchmark-profiles", description=__doc__.splitlines()[0]
    )
    parser.add_argument("data", metavar="perf.data", help="a recording of perf record -a")
    data = parser.parse_args(argv).data
    if not os.path.isfile(data):
        raise VcperfError(f"{data}: there is no such file")
    with tempfile.TemporaryFile() as text:
        subprocess.run(
            ["perf", "script", "--no-inline", "-i", data, "-F", perf_samples.FIELDS],
            stdout=text,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        text.seek(0)
        lines = sum(block.count(b"\n") for block in iter(lambda: text.read(1 << 20), b""))
        ours, report = [], []
        for _ in range(RUNS):
            text.seek(0)
            ours.append(cpu_seconds([sys.executable, "-m", "vcperf.tools.perf"], text.fileno()))
            argv = ["perf", "report", "--stdio", "-i", data]
            report.append(cpu_seconds(argv, subprocess.DEVNULL))
    parse, memory = min(ours)
    theirs, _ = min(report)
    print(f"{lines} lines: parser {parse:.2f} s, perf report {theirs:.2f} s,", end=" ")
    print(f"ratio {parse / theirs:.2f}; parser {memory:.0f} MB at most")
    return 0
