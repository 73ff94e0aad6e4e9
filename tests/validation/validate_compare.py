"""Prints how often two campaigns of the same thing are called different (docs/validation.md).

PYTHONPATH=scripts:tests python tests/validation/validate_compare.py [COMPARISONS]

Simulates campaigns of several cells whose blocks have noise of 10 % of the mean
(tests/helpers/noise.py): each cell's by itself, or all cells' alike. COMPARISONS per figure, 400
without it.
"""

import sys

import numpy as np
from helpers.noise import KINDS

from vcperf.analysis import changes, compare

NOISES = ("independent", "20 % slow", "AR(1) 0.3", "AR(1) 0.5")
COUNTS = (5, 8, 10, 20, 40)
CAMPAIGNS = ((1, False), (10, False), (10, True))  # cells, and whether they move alike
BETWEEN_PERCENT = 3
OTHERS = ("",) * (len(compare.CELL) - 1)


def campaign(chance, kind, cells, count, alike, shift_percent=0.0, noise_percent=10):
    """The cells of a campaign whose means are 100, moved as a whole by some percent."""
    drawn = KINDS[kind](chance, 1 if alike else cells, count)
    drawn = np.repeat(drawn, cells if alike else 1, axis=0)
    mean = 100 + shift_percent * chance.normal()
    rounds = np.arange(1, count + 1)
    return {
        (f"cell{n}", *OTHERS): compare.Cell(
            "throughput_mbps", changes.Series(mean + noise_percent * row, rounds), 0
        )
        for n, row in enumerate(drawn)
    }


def alarms(kind, cells, count, alike, comparisons, seed=1):
    """Share of comparisons in which any cell is called changed."""
    chance = np.random.default_rng(seed)
    found = 0
    for _ in range(comparisons):
        pair = [campaign(chance, kind, cells, count, alike) for _ in "ab"]
        found += (compare.compare_cells(*pair)["verdict"] == compare.CHANGED).any()
    return found / comparisons


def calibrated(campaigns, comparisons, seed=1):
    """The same of campaigns that differ by BETWEEN_PERCENT as wholes, with so many more of them as
    the yardstick; 8 blocks of 1 % noise."""
    chance = np.random.default_rng(seed)
    found = 0
    for _ in range(comparisons):
        drawn = [
            campaign(chance, "independent", 10, 8, False, BETWEEN_PERCENT, 1)
            for _ in range(campaigns + 2)
        ]
        known = [{key: cell.series for key, cell in one.items()} for one in drawn[2:]]
        between = changes.between(known) if known else None
        rows = compare.compare_cells(*drawn[:2], between, 1.0)
        found += (rows["verdict"] == compare.CHANGED).any()
    return found / comparisons


def row(*values):
    """Prints a row of a table in Markdown."""
    print("| " + " | ".join(map(str, values)) + " |", flush=True)


def main(comparisons=400):
    """Print one row per kind of noise and campaign, then one per number of calibrating ones."""
    print(f"Called different, percent of {comparisons} comparisons of a campaign with its like:\n")
    row("noise", "cells", *(f"{count} blocks" for count in COUNTS))
    print("|" + "---|" * (2 + len(COUNTS)))
    for kind in NOISES:
        for cells, alike in CAMPAIGNS:
            rates = (alarms(kind, cells, count, alike, comparisons) for count in COUNTS)
            named = f"{cells}, alike" if alike else cells
            row(kind, named, *(f"{100 * rate:.1f}" for rate in rates))
    print(f"\nCampaigns that differ by {BETWEEN_PERCENT} % as wholes:\n")
    row("campaigns for calibration", "called different")
    print("|---|---|")
    for campaigns in (0, 2, 3, 5):
        row(campaigns, f"{100 * calibrated(campaigns, comparisons):.1f} %")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
