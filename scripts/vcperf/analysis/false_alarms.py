"""How often a comparison of a campaign with itself would call something changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from vcperf.analysis.changes import Series
from vcperf.analysis.compare import CHANGED, Cell, Key, compare_cells
from vcperf.analysis.intervals import LEVEL
from vcperf.errors import VcperfError

FEWEST_ROUNDS = 8  # halves of four: fewer blocks give no verdict


@dataclass(frozen=True)
class FalseAlarms:
    """Over random splits of one campaign.

    Args:
        rounds: of the campaign.
        splits: how many.
        alarms: those in which a cell was called changed.
        halves: cells called changed between the first half of the rounds and the second.
        cells: compared.
    """

    rounds: int
    splits: int
    alarms: int
    halves: int
    cells: int

    @property
    def interval(self) -> tuple[float, float]:
        """Of the rate of alarms: Clopper and Pearson's 95 % interval (Biometrika 26, 1934, 404)."""
        found = stats.binomtest(self.alarms, self.splits).proportion_ci(LEVEL, method="exact")
        return float(found.low), float(found.high)


def false_alarms(
    campaign: Mapping[Key, Cell], splits: int, margin_percent: float, seed: int = 2009
) -> FalseAlarms:
    """Splits a campaign's rounds at random into two halves, again and again, and compares these.

    Args:
        campaign: of `vcperf.analysis.compare.cells`.
        splits: how often, 1 or more.
        margin_percent: see `vcperf.analysis.compare.compare`.
        seed: of the splits.

    All cells are split at the same rounds, as what slows a round slows all of them. Rounds of both
    halves alternate, so what drifts over a campaign is not seen; the first half against the second
    shows it. Raises VcperfError for fewer than FEWEST_ROUNDS rounds.
    """
    rounds = np.unique(np.concatenate([cell.series.rounds for cell in campaign.values()]))
    if len(rounds) < FEWEST_ROUNDS:
        raise VcperfError(
            f"{len(rounds)} rounds of blocks; at least {FEWEST_ROUNDS} are needed to split them:"
            " measure more blocks"
        )
    chance = np.random.default_rng(seed)
    half = len(rounds) // 2

    def alarms(first: NDArray[np.int64]) -> int:
        table = compare_cells(
            _of(campaign, first, True), _of(campaign, first, False), None, margin_percent
        )
        return int((table["verdict"] == CHANGED).sum())

    found = [alarms(chance.permutation(rounds)[:half]) > 0 for _ in range(splits)]
    return FalseAlarms(len(rounds), splits, sum(found), alarms(rounds[:half]), len(campaign))


def _of(campaign: Mapping[Key, Cell], rounds: NDArray[np.int64], inside: bool) -> dict[Key, Cell]:
    """The blocks of a campaign that are of these rounds, or of the others."""
    found = {}
    for key, cell in campaign.items():
        chosen = np.isin(cell.series.rounds, rounds) == inside
        if chosen.any():
            series = Series(cell.series.values[chosen], cell.series.rounds[chosen])
            found[key] = Cell(cell.metric, series, 0)
    return found
