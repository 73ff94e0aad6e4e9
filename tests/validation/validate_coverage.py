"""Prints how often 95 % intervals contain the truth, as tables of docs/validation.md.

PYTHONPATH=scripts:tests python tests/validation/validate_coverage.py [CELLS]

Simulates cells of several kinds of noise (tests/helpers/noise.py): with a fixed number of blocks,
and stopped by the rule of vcperf.analysis.intervals and by netperf's `-i 30,3 -I 95,5`, on the same
series. CELLS per row, 2000 without it.
"""

import sys
from dataclasses import dataclass

import numpy as np
from helpers.noise import KINDS
from scipy import special

from vcperf.analysis import intervals

TARGET_PERCENT = 2.5
COUNTS = (3, 5, 8, 10, 20, 40)
FIXED_PERCENT = 3  # noise of cells with a fixed number of blocks
MINIMUM, MAXIMUM = 15, 30
STOPPED_PERCENT = (3, 10)
NETPERF_MINIMUM, NETPERF_MAXIMUM = 3, 30
QUANTILES = special.stdtrit(np.arange(1, max(*COUNTS, MAXIMUM)), 0.975)


@dataclass
class Fixed:
    """Over many cells of so many blocks: shares between 0 and 1."""

    student: float  # Student's interval contains the true mean
    covered: float  # the printed one does
    unstable: float  # labelled so
    honest: float  # contains the true mean, or labelled unstable
    converged: float  # labelled so
    lucky: float  # of these: the printed interval does not contain it


@dataclass
class Tally:
    """Over many cells: the mean number of blocks, and shares between 0 and 1."""

    blocks: float
    covered: float  # of all cells: no doubt, and the interval contains the true mean
    unstable: float  # of all cells: no mean is claimed

    @property
    def honest(self) -> float:
        """Cells whose interval contains the truth, or that are labelled unstable."""
        return self.covered + self.unstable


def student(series):
    """Student's interval, as netperf computes it."""
    count, mean = len(series), series.mean()
    half = QUANTILES[count - 2] * series.std(ddof=1) / np.sqrt(count)
    return mean - half, mean + half


def fixed(kind, count, cells, noise_percent=FIXED_PERCENT, seed=1):
    """Fixed over simulated cells whose true mean is 100."""
    chance = np.random.default_rng(seed)
    rows = []
    for series in 100 + noise_percent * KINDS[kind](chance, cells, count):
        low, high = student(series)
        _, ours_low, ours_high = intervals.mean_interval(series)
        label = intervals.verdict(series, TARGET_PERCENT).label
        held = ours_low <= 100 <= ours_high
        rows.append((low <= 100 <= high, held, label == "unstable", label == "converged"))
    plain, held, unstable, converged = np.array(rows).T
    lucky = (converged & ~held).sum() / max(converged.sum(), 1)
    shares = (plain, held, unstable, held | unstable, converged)
    return Fixed(*(share.mean() for share in shares), lucky)


def stop_ours(series):
    """(blocks, low, high, whether it is labelled unstable)."""
    count = 1
    while intervals.more_blocks(series[:count], TARGET_PERCENT, MINIMUM, MAXIMUM):
        count += 1
    end = intervals.verdict(series[:count], TARGET_PERCENT, sequential=True)
    return count, end.low, end.high, end.label == "unstable"


def stop_netperf(series):
    """The same for netperf 2.7: `-I 95,5` is a full width of 5 % of the mean, looked at
    after every iteration from the third to the thirtieth."""
    for count in range(NETPERF_MINIMUM, NETPERF_MAXIMUM + 1):
        taken = series[:count]
        low, high = student(taken)
        if high - low <= 0.05 * taken.mean():
            break
    return count, low, high, False


def simulate(kind, noise_percent, cells, seed=1):
    """(ours, netperf's) tallies over the same simulated cells, whose true mean is 100."""
    chance = np.random.default_rng(seed)
    ends = {stop_ours: [], stop_netperf: []}
    for series in 100 + noise_percent * KINDS[kind](chance, cells, MAXIMUM):
        for rule, rows in ends.items():
            count, low, high, unstable = rule(series)
            rows.append((count, not unstable and low <= 100 <= high, unstable))
    return tuple(Tally(*np.mean(rows, axis=0)) for rows in ends.values())


def row(*values):
    """Prints a row of a table in Markdown."""
    shown = (f"{100 * value:.1f} %" if isinstance(value, float) else str(value) for value in values)
    print("| " + " | ".join(shown) + " |", flush=True)


def head(*names):
    """Prints the head of a table in Markdown."""
    row(*names)
    print("|" + "---|" * len(names))


def main(cells=2000):
    """Print one row per kind of noise and number of blocks, then per kind and size of noise."""
    print(f"Fixed number of blocks, noise {FIXED_PERCENT} % of the mean, {cells} cells per row:\n")
    head("noise", "blocks", "Student's", "printed", "unstable", "printed or unstable", "assumes")
    for kind in KINDS:
        for count in COUNTS:
            found = fixed(kind, count, cells)
            shares = map(float, (found.student, found.covered, found.unstable, found.honest))
            row(kind, count, *shares, intervals.assumption(count))
    print(f"\nStopped, target {TARGET_PERCENT} %, {MINIMUM} to {MAXIMUM} blocks, {cells} cells:\n")
    head("noise", "of the mean", "blocks", "unstable", "honest", "netperf's blocks", "netperf's")
    for kind in KINDS:
        for noise in STOPPED_PERCENT:
            ours, other = simulate(kind, noise, cells)
            shares = map(float, (ours.unstable, ours.honest))
            counts = (f"{tally.blocks:.1f}" for tally in (ours, other))
            row(kind, f"{noise} %", next(counts), *shares, next(counts), float(other.covered))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
