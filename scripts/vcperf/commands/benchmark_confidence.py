"""Our stopping rule against netperf's own `-i 30,3 -I 95,5`, on the same path, in turns.

    python -m vcperf benchmark-confidence [--turns N]

Measures the loopback of this host by one-second blocks: by the rule of
vcperf.analysis.intervals at the same target, 15 to 30 blocks, and by netperf, 3 to 30
iterations. The truth is the mean of all seconds that both measured. Prints for each the seconds it
measured, how often its interval held the truth, and how often it did or said that there is none.
"""

import argparse
import os
import subprocess

import numpy as np

from vcperf.analysis import intervals
from vcperf.basics.checkout import TOOL_FOLDERS
from vcperf.tools import netperf, netperf_commands

ADDRESS, PORT = "127.0.0.1", 12998
TARGET_PERCENT, MINIMUM, MAXIMUM = 2.5, 15, 30
KEYS = "THROUGHPUT,THROUGHPUT_CONFID,CONFIDENCE_ITERATION"


def main(argv: list[str]) -> int:
    """Measure in turns and print one row per rule. Returns 0."""
    parser = argparse.ArgumentParser(
        prog="vcperf benchmark-confidence", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--turns", type=int, default=10, help="how often each (10)")
    turns = parser.parse_args(argv).turns
    tools = os.pathsep.join([os.environ["PATH"], *TOOL_FOLDERS])
    os.environ["PATH"] = tools
    server = subprocess.Popen(netperf_commands.server_argv(address=ADDRESS, port=PORT))
    try:
        ends = [(measure_ours(), measure_netperf()) for _ in range(turns)]
    finally:
        server.terminate()
        server.wait()
    rows = np.array(ends)  # turns x rules x (seconds, mean, low, high, unstable)
    seconds, means = rows[..., 0], rows[..., 1]
    truth = float((seconds * means).sum() / seconds.sum())
    spread = 100 * means.std(ddof=1) / truth
    print(f"{turns} turns, {truth:.0f} Mbit/s, means differ by {spread:.1f} % (standard deviation)")
    for rule, name in enumerate(("ours", "netperf -i 30,3 -I 95,5")):
        held = (rows[:, rule, 2] <= truth) & (truth <= rows[:, rule, 3])
        unstable = rows[:, rule, 4] > 0
        print(
            f"{name:<24} {seconds[:, rule].mean():5.1f} s a turn; interval of"
            f" +-{half_percent(rows[:, rule]):.1f} %; held the truth in {held.sum()} of {turns};"
            f" did or was labelled unstable in {(held | unstable).sum()}"
        )
    return 0


def half_percent(rows: np.ndarray) -> float:
    """The mean half width of intervals in percent."""
    return float((100 * (rows[:, 3] - rows[:, 2]) / 2 / rows[:, 1]).mean())


def measure_ours() -> tuple[float, ...]:
    """(seconds, mean, low, high, whether labelled unstable) by our rule."""
    values: list[float] = []
    while intervals.more_blocks(values, TARGET_PERCENT, MINIMUM, MAXIMUM):
        values.append(run()["THROUGHPUT"])
    end = intervals.verdict(values, TARGET_PERCENT, sequential=True)
    return len(values), float(np.mean(values)), end.low, end.high, end.label == "unstable"


def measure_netperf() -> tuple[float, ...]:
    """The same by netperf's rule, whose THROUGHPUT_CONFID is the full width in percent."""
    found = run("-i", f"{MAXIMUM},3", "-I", f"95,{2 * TARGET_PERCENT:.0f}")
    mean = found["THROUGHPUT"]
    half = mean * found["THROUGHPUT_CONFID"] / 200
    return found["CONFIDENCE_ITERATION"], mean, mean - half, mean + half, False


def run(*options: str) -> dict[str, float]:
    """The KEYS of a run of netperf, iterations of one second."""
    argv = ["netperf", "-4", "-H", ADDRESS, "-p", str(PORT), "-l", "1", *options]
    argv += ["--", "-m", "16384", "-k", KEYS]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    found = netperf.key_values(done.stdout)
    return {key: float(found[key]) for key in KEYS.split(",")}
