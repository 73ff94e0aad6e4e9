"""Prints how often differences between pinnings are called, and their intervals miss, wrongly
(docs/validation.md).

PYTHONPATH=scripts:tests python tests/validation/validate_pinnings.py [CAMPAIGNS]

Simulates campaigns of 50 cells under two pinnings, some of which differ. CAMPAIGNS per figure, 400
without it.
"""

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from helpers.noise import KINDS

from vcperf.analysis import pinnings
from vcperf.analysis.changes import Series
from vcperf.analysis.effects import Sample, ratio

NOISES = ("independent", "20 % slow", "AR(1) 0.5")
COUNTS = (5, 10, 20)
SHARES = (0, 30)  # percent of the cells that differ
CELLS, NOISE, EFFECT = 50, 0.05, 0.2  # relative


@dataclass(frozen=True)
class Rates:
    """In percent, mean over campaigns.

    Args:
        false: of the differences that are called, those that are none.
        misses: of their intervals, those that miss the true difference.
        found: of the true differences, those that are called.
        naive: as `false`, had each comparison its own 95 % interval.
    """

    false: float
    misses: float
    found: float
    naive: float


def rates(kind, count, share_percent, campaigns, seed=1):
    """The rates of so many campaigns of a noise, with `count` blocks per cell."""
    chance = np.random.default_rng(seed)
    rows = []
    for _ in range(campaigns):
        sides = [1 + NOISE * KINDS[kind](chance, CELLS, count) for _ in "ab"]
        differs = chance.permutation(CELLS) < share_percent * CELLS // 100
        true = np.where(differs, chance.choice([-1, 1], CELLS) * EFFECT, 0)
        pairs = [
            pinnings.Pair({}, (_side(one), _side((1 + t) * other)), "")
            for one, other, t in zip(*sides, true, strict=True)
        ]
        effects, called = zip(*pinnings.adjusted(pairs), strict=True)
        called = np.array(called)
        missed = np.array(
            [not e.low <= 100 * t <= e.high for e, t in zip(effects, true, strict=True)]
        )
        alone = [
            ratio(second.series.values, first.series.values)
            for first, second in (p.sides for p in pairs)
        ]
        naive = np.array([pair.differs(e) for pair, e in zip(pairs, alone, strict=True)])
        rows.append(
            (
                _share(called & ~differs, called),
                _share(called & missed, called),
                _share(called & differs, differs),
                _share(naive & ~differs, naive),
            )
        )
    return Rates(*(100 * np.mean(rows, axis=0)))


def _side(values):
    series = Series(values, np.arange(len(values)))
    return pinnings.Side("", pd.DataFrame(), series, Sample(values, False), "")


def _share(part, whole):
    return part.sum() / max(whole.sum(), 1)


def main(campaigns=400):
    """Print the table."""
    print("| noise | blocks | differ | called wrongly | intervals that miss | found | one by one |")
    print("|---|---|---|---|---|---|---|")
    for kind in NOISES:
        for count in COUNTS:
            for share in SHARES:
                found = rates(kind, count, share, campaigns)
                power = f"{found.found:.0f} %" if share else ""
                print(
                    f"| {kind} | {count} | {share} % | {found.false:.1f} % | {found.misses:.1f} %"
                    f" | {power} | {found.naive:.1f} % |"
                )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
