"""Prints how often intervals hold the truth when a rule decides the number of blocks.

PYTHONPATH=scripts:tests python tests/validation/validate_coverage.py [CELLS]

Simulates cells of four kinds of noise, and stops each by the rule of
vcperf.analysis.intervals and by netperf's `-i 30,3 -I 95,5`, on the same series.
"""

import sys
from dataclasses import dataclass

import numpy as np
from scipy import special

from vcperf.analysis import intervals

TARGET_PERCENT = 2.5
MINIMUM, MAXIMUM = 15, 30
NOISES_PERCENT = (1, 3, 5, 10)
NETPERF_MINIMUM, NETPERF_MAXIMUM = 3, 30
QUANTILES = special.stdtrit(np.arange(1, MAXIMUM), 0.975)


def independent(chance, count):
    """Blocks of one normal distribution."""
    return chance.normal(size=count)


def two_modes(chance, count):
    """Every fifth block, at random, is slow."""
    slow = chance.random(count) < 0.2
    return 0.5 - 2.5 * slow + 0.2 * chance.normal(size=count)  # mean 0, variance near 1


def remembering(chance, count):
    """AR(1) with 0.5: a block resembles the one before."""
    values = np.empty(count)
    values[0] = chance.normal()
    for index, shock in enumerate(np.sqrt(0.75) * chance.normal(size=count - 1), start=1):
        values[index] = 0.5 * values[index - 1] + shock
    return values


def between_as_within(chance, count):
    """A block's own level varies as much as what is seen within it."""
    return (chance.normal(size=count) + chance.normal(size=count)) / np.sqrt(2)


KINDS = {
    "independent": independent,
    "20 % slow": two_modes,
    "AR(1) 0.5": remembering,
    "between = within": between_as_within,
}


@dataclass
class Tally:
    """Over many cells: the mean number of blocks, and shares between 0 and 1."""

    blocks: float
    covered: float  # of all cells: the interval holds the true mean
    unstable: float  # of all cells: no mean is claimed

    @property
    def honest(self) -> float:
        """Cells whose interval holds the truth, or that are labelled unstable."""
        return self.covered + self.unstable


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
        mean = taken.mean()
        half = QUANTILES[count - 2] * taken.std(ddof=1) / np.sqrt(count)
        if 2 * half <= 0.05 * mean:
            break
    return count, mean - half, mean + half, False


def simulate(kind, noise_percent, cells, seed=1):
    """(ours, netperf's) tallies over the same simulated cells, whose true mean is 100."""
    chance = np.random.default_rng(seed)
    ends = {stop_ours: [], stop_netperf: []}
    for _ in range(cells):
        series = 100 + noise_percent * KINDS[kind](chance, MAXIMUM)
        for rule, rows in ends.items():
            count, low, high, unstable = rule(series)
            rows.append((count, not unstable and low <= 100 <= high, unstable))
    return tuple(Tally(*np.mean(rows, axis=0)) for rows in ends.values())


def main(cells):
    """Print one row per kind and size of noise."""
    print(f"target +-{TARGET_PERCENT} %, {MINIMUM} to {MAXIMUM} blocks, {cells} cells a row")
    print("covered: the interval holds the true mean; honest: it does, or the label is unstable\n")
    print(f"{'':<26}{'ours':^36}{'netperf -i 30,3 -I 95,5':>26}")
    head = ("noise", "%", "blocks", "covered", "unstable", "honest", "blocks", "covered")
    print("{:<20}{:>6}{:>9}{:>9}{:>9}{:>9}{:>13}{:>9}".format(*head))
    for kind in KINDS:
        for noise in NOISES_PERCENT:
            ours, other = simulate(kind, noise, cells)
            print(
                f"{kind:<20}{noise:>6}{ours.blocks:>9.1f}{ours.covered:>9.3f}"
                f"{ours.unstable:>9.3f}{ours.honest:>9.3f}{other.blocks:>13.1f}{other.covered:>9.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
