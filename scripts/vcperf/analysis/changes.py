"""Whether a cell changed between two campaigns: effect, interval and p.

The data are rounds. A round of a campaign measures every cell once, so a cell's series is its
blocks by round. What two campaigns of the same thing differ by has three parts:

- blocks scatter, and successive ones resemble each other (`vcperf.analysis.serial`). One cell's
  few blocks hardly show how much, but all cells of a campaign together do. Assumed is the larger of
  the mean over all cells and the cell's own correlation, each with a margin for its error
  (`assumed_correlations`);
- campaigns differ as wholes, after a restart for example. Their blocks cannot show this. It is
  measured by two or more campaigns of the same thing (`between`); without these it counts as 0;
- blocks need not be normal: so a permutation test must agree (`permutation_p`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from vcperf.analysis import effects, serial
from vcperf.analysis.effects import Effect
from vcperf.analysis.intervals import LEVEL

ALPHA = 0.05
MOST_EXACT = 20_000  # arrangements; beyond, as many random ones
# Standard errors above the mean correlation of all cells, and above a cell's own.
SURE_OF_ALL, SURE_OF_OWN = 1.5, 0.75
Floats = NDArray[np.float64]
Values = Sequence[float] | Floats


@dataclass(frozen=True)
class Series:
    """One cell's blocks in one campaign.

    Args:
        values: one per block, in the order of measuring.
        rounds: the number of each one's round.
    """

    values: Floats
    rounds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Between:
    """What campaigns of the same thing differ by.

    Args:
        variance: of the logarithm of a cell's mean, between campaigns; blocks' scatter included.
        freedom: degrees of freedom of it.
    """

    variance: float
    freedom: float

    @property
    def percent(self) -> float:
        """The standard deviation, in percent of the mean."""
        return 100 * math.sqrt(self.variance)


def assumed_correlations(pairs: Sequence[tuple[Series, Series]]) -> list[float]:
    """The correlation of successive blocks that each cell is taken to have.

    Args:
        pairs: each cell's series in both campaigns.

    Returns for each cell the larger of two, from 0 to 0.9: the mean over all cells and 1.5 standard
    errors, which count only as many cells as move independently (`independent_series`); and the
    cell's own and 0.75 of its standard error. The own one is drawn towards the mean as far as
    chance explains that cells differ (Louis, J. Am. Statist. Assoc. 79, 1984, 393: their spread is
    then that of the true ones).
    """
    if not pairs:
        return []
    counts = [max(2, round((len(one) + len(other)) / 2)) for one, other in pairs]
    seen = np.array([np.mean([serial.resemblance(s.values) for s in pair]) for pair in pairs])
    typical, middle = round(float(np.mean(counts))), float(seen.mean())
    chance = (1 - middle**2) / (2 * typical)  # the variance of one that is seen
    spread = float(seen.var(ddof=1)) if len(seen) > 1 else 0.0
    drawn = middle + math.sqrt(max(0.0, 1 - chance / spread) if spread else 0.0) * (seen - middle)
    moving = float(np.mean([independent_series(side) for side in zip(*pairs, strict=True)]))
    mean = serial.correlation(middle, typical)
    floor = mean + SURE_OF_ALL * math.sqrt((1 - mean**2) / (2 * typical * moving))
    own = [
        serial.correlation(one, count) + SURE_OF_OWN / math.sqrt(2 * count)
        for one, count in zip(drawn, counts, strict=True)
    ]
    return [min(max(0.0, floor, r), serial.HIGHEST) for r in own]


def independent_series(series: Sequence[Series]) -> float:
    """As how many independent ones several series count that may move together.

    From the mean squared correlation of all pairs, less what independent series of so many rounds
    have by chance: 1 when all move alike, their number when none do (the effective number of
    degrees of freedom of Bretherton and others, J. Climate 12, 1999, 1990, section 2).
    """
    count = len(series)
    numbers = np.unique(np.concatenate([s.rounds for s in series]))
    if count < 2 or len(numbers) < 3:
        return 1.0
    moves = np.zeros((count, len(numbers)))
    for row, one in zip(moves, series, strict=True):
        deviations = one.values - one.values.mean() if len(one) else one.values
        length = float(np.sqrt((deviations**2).sum()))
        row[np.searchsorted(numbers, one.rounds)] = deviations / (length or 1.0)
    # Squares off the diagonal of the cells' correlation matrix, by the smaller one of rounds.
    squares = float(((moves.T @ moves) ** 2).sum()) - count
    by_chance = 1 / (len(numbers) - 1)
    shared = (squares / (count * (count - 1)) - by_chance) / (1 - by_chance)
    return float(count / (1 + (count - 1) * min(max(shared, 0.0), 1.0)))


def between(campaigns: Sequence[Mapping[Any, Series]]) -> Between:
    """What two or more campaigns of the same thing differ by, over the cells that all have.

    The scatter of blocks is not taken out: with so few campaigns that would leave too little in one
    case of two. All cells may move together, so the degrees of freedom are those of one cell: with
    two campaigns 1, with five 4.
    """
    cells = set(campaigns[0]).intersection(*campaigns[1:])
    means = np.array([[c[cell].values.mean() for c in campaigns] for cell in cells]).reshape(
        -1, len(campaigns)
    )
    known = means[(means > 0).all(axis=1)]
    if not len(known):
        return Between(float("nan"), float(len(campaigns) - 1))
    return Between(float(np.log(known).var(axis=1, ddof=1).mean()), float(len(campaigns) - 1))


@dataclass(frozen=True)
class Difference:
    """How much more one cell has than another.

    Args:
        logarithm: of the ratio of means.
        error: its standard error.
        freedom: degrees of freedom of it.
    """

    logarithm: float
    error: float
    freedom: float

    def effect(self, level: float = LEVEL) -> Effect:
        """The ratio, with its interval at a level."""
        return effects.of_logarithm(self.logarithm, self.error, self.freedom, level)


def difference(
    one: Series, other: Series, correlation: float, yardstick: Between | None = None
) -> Difference | None:
    """The other in terms of the one, by the delta method on the logarithm of the ratio and
    Satterthwaite's degrees of freedom; arguments as of `change`.

    Returns None where there is no interval: with one block, or a mean that is not above 0.
    """
    logarithm, parts = 0.0, []
    for sign, series in ((-1, one), (1, other)):
        count, mean = len(series), float(series.values.mean())
        if count < 2 or mean <= 0:
            return None
        wider = serial.widening(correlation, count)
        error = float(series.values.std(ddof=1)) / math.sqrt(count) * wider.factor / mean
        logarithm += sign * math.log(mean)
        parts.append((error**2, wider.freedom))
    if yardstick is not None:
        parts.append((2 * yardstick.variance, yardstick.freedom))
    variance = sum(v for v, _ in parts)
    if not variance:
        return Difference(logarithm, 0.0, min(f for _, f in parts))
    freedom = variance**2 / sum(v**2 / f for v, f in parts)
    return Difference(logarithm, math.sqrt(variance), freedom)


def change(
    one: Series, other: Series, correlation: float, yardstick: Between | None = None
) -> tuple[Effect, float]:
    """How much more the other has than the one.

    Args:
        one, other: a cell's series in both campaigns.
        correlation: of `assumed_correlations`.
        yardstick: of `between`.

    Returns the effect with its 95 % interval (`difference`); and the two-sided p: the larger of
    this interval's and, where that is 5 % or less, the permutation test's. NaN where there is no
    interval.
    """
    found = difference(one, other, correlation, yardstick)
    if found is None:
        return effects.ratio(other.values, one.values), float("nan")
    if not found.error:
        p = float(found.logarithm == 0)
    else:
        p = 2 * float(special.stdtr(found.freedom, -abs(found.logarithm) / found.error))
    if p <= ALPHA:
        p = max(p, permutation_p(one.values, other.values))
    return found.effect(), p


def permutation_p(one: Values, other: Values) -> float:
    """Two-sided p of a difference of means, by exchanging blocks between two cells.

    Exact up to 20 000 arrangements; beyond from as many at random, the observed one
    counted (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010, 39). It assumes
    no distribution, only that without a change the blocks could be exchanged.

    >>> permutation_p([1, 2, 3], [11, 12, 13])
    0.1
    """
    pooled = np.concatenate([one, other]).astype(float)
    count, taken = len(pooled), len(one)
    rounding = 1e-9 * float(np.abs(pooled).sum())
    pooled = pooled - pooled.mean()
    # What is equal but for rounding counts as equal. scipy.stats.permutation_test allows for the
    # rounding of the difference, not of the blocks: where these lie close together it misses ties.
    observed = abs(pooled[:taken].sum()) - rounding
    if math.comb(count, taken) <= MOST_EXACT:
        chosen = np.array(list(combinations(range(count), taken)))
        return float((np.abs(pooled[chosen].sum(axis=1)) >= observed).mean())
    chance = np.random.default_rng(2009)
    shuffled = chance.permuted(np.tile(pooled, (MOST_EXACT - 1, 1)), axis=1)
    extreme = int((np.abs(shuffled[:, :taken].sum(axis=1)) >= observed).sum())
    return (1 + extreme) / MOST_EXACT
