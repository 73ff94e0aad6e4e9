"""A cell's blocks, in the order in which they were measured: estimate, interval, verdict.

The thresholds were chosen by simulation; `tests/validation/validate_coverage.py` shows what
they give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from vcperf.analysis import serial

LEVEL = 0.95
FEWEST_TO_DOUBT = 5  # below, neither modes nor trends can be told from chance
# One-sided standard normal quantiles. Every further block is another look, so each look
# must be strict for few good cells to be called unstable over a whole campaign.
MODES_QUANTILE = 3.3
SERIAL_QUANTILE = 1.96
FEWEST_TO_CORRELATE = 8  # below, blocks do not show whether they are independent
FEWEST_TO_CONVERGE = 10  # below, too many cells are within the target by luck
FEWEST_FOR_MODES = 14  # below, a mode of every fifth block shows none in more than 5 % of cells
SURE = 0.5  # standard errors that the correlation is assumed to be above its estimate
INDEPENDENCE = "independence assumed"
ONE_MODE = "no rare mode assumed"

Blocks = NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """What the blocks of a cell are worth.

    Args:
        label: `converged` (FEWEST_TO_CONVERGE blocks or more, and the interval is within the
            target), `capped` (too few blocks for that), or `unstable` (the blocks are no
            repetitions of one thing).
        why: of an unstable cell, `two modes` or `trend`; else empty.
        estimate, low, high: mean and 95 % interval in the blocks' unit; of an unstable
            cell the median and its interval. NaN where there are too few blocks.
    """

    label: str
    why: str
    estimate: float
    low: float
    high: float


def mean_interval(values: Sequence[float] | Blocks) -> tuple[float, float, float]:
    """Mean of blocks and its two-sided 95 % interval.

    Args:
        values: one value per block in the order of measuring, any unit; NaN is left out.

    Returns (mean, low, high); low and high are NaN for fewer than two values, all
    three for none. The interval is Student's, widened from FEWEST_TO_CORRELATE blocks on when
    successive blocks resemble each other (`standard_error`); `assumption` says what it rests on.

    >>> mean_interval([9.0, 10.0, 11.0])
    (10.0, 7.515862..., 12.484137...)
    """
    blocks = _known(values)
    if not len(blocks):
        return float("nan"), float("nan"), float("nan")
    mean = float(blocks.mean())
    error, freedom = standard_error(blocks)
    half = float(special.stdtrit(freedom, (1 + LEVEL) / 2)) * error
    return mean, mean - half, mean + half


def standard_error(values: Sequence[float] | Blocks) -> tuple[float, float]:
    """Standard error of a mean of blocks, and its degrees of freedom.

    Args:
        values: one value per block, in the order of measuring; NaN is left out.

    Returns (NaN, 1) for fewer than two values. Below FEWEST_TO_CORRELATE blocks they count
    as independent; else the error follows `vcperf.analysis.serial.widening` for a correlation
    that is half a standard error (1 / sqrt(n)) above its estimate, and never negative.
    """
    blocks = _known(values)
    count = len(blocks)
    if count < 2:
        return float("nan"), 1.0
    error = float(blocks.std(ddof=1) / np.sqrt(count))
    wider = serial.widening(assumed_correlation(blocks), count)
    return error * wider.factor, wider.freedom


def assumed_correlation(values: Sequence[float] | Blocks) -> float:
    """The correlation of neighbours that `standard_error` assumes, from 0 to 0.9.

    >>> assumed_correlation([1, 2, 1, 2, 1, 2, 1, 2])
    0.0
    """
    blocks = _known(values)
    count = len(blocks)
    if count < FEWEST_TO_CORRELATE:
        return 0.0
    found = serial.correlation(serial.resemblance(blocks), count) + SURE / np.sqrt(count)
    return float(min(max(found, 0.0), serial.HIGHEST))


def assumption(count: int) -> str:
    """What the interval of so many blocks assumes because they cannot show it, or empty.

    >>> assumption(5), assumption(10), assumption(20)
    ('independence assumed', 'no rare mode assumed', '')
    """
    if count < FEWEST_TO_CORRELATE:
        return INDEPENDENCE
    return ONE_MODE if count < FEWEST_FOR_MODES else ""


def median_interval(
    values: Sequence[float] | Blocks, level: float = LEVEL
) -> tuple[float, float, float]:
    """Median of blocks and its interval of at least a level, between two order statistics.

    Args:
        values: one value per block, any unit; NaN is left out.
        level: 95 % as a rule.

    Returns (median, low, high); low and high are NaN for fewer than six values (at 95 %), which
    no two of them enclose surely enough. No shape of the distribution is assumed
    (David and Nagaraja, Order Statistics, 2003, section 7.1).

    >>> median_interval([1, 2, 3, 4, 5, 60])
    (3.5, 1.0, 60.0)
    """
    blocks = np.sort(_known(values))
    if not len(blocks):
        return float("nan"), float("nan"), float("nan")
    median = float(np.median(blocks))
    # The interval from the k-th lowest to the k-th highest misses with 2 P(Bin < k).
    k = int(stats.binom.ppf((1 - level) / 2, len(blocks), 0.5))
    if k < 1:
        return median, float("nan"), float("nan")
    return median, float(blocks[k - 1]), float(blocks[-k])


def verdict(
    values: Sequence[float] | Blocks, target_percent: float, sequential: bool = False
) -> Verdict:
    """What the blocks of a cell are worth.

    Args:
        values: one value per block, in the order of measuring; NaN is left out.
        target_percent: half width of the interval, in percent of the mean, that a
            converged cell has at most.
        sequential: whether `more_blocks` decided their number.

    The interval is that of `mean_interval`. A rule that looks at the interval to decide when
    to stop, stops where it happens to be narrow: so a cell that converged under such a rule
    has an interval of the target's whole width, the fixed-width interval of Chow and
    Robbins (Ann. Math. Statist. 36, 1965, 457).
    """
    blocks = _known(values)
    why = doubt(blocks, target_percent)
    if why:
        return Verdict("unstable", why, *median_interval(blocks))
    mean, low, high = mean_interval(blocks)
    target = target_percent / 100 * abs(mean)
    if len(blocks) < FEWEST_TO_CONVERGE or not high - mean <= target:
        return Verdict("capped", "", mean, low, high)
    if sequential:
        low, high = mean - target, mean + target
    return Verdict("converged", "", mean, low, high)


def more_blocks(
    values: Sequence[float] | Blocks, target_percent: float, minimum: int, maximum: int
) -> bool:
    """Whether a cell needs another block.

    Args:
        values: one value per block so far, in the order of measuring; NaN counts as
            measured, and says nothing.
        target_percent: as for `verdict`.
        minimum: blocks that every cell gets. Below 14, more than one cell in twenty
            with a second mode in every fifth block shows none of it.
        maximum: blocks that no cell exceeds.

    It ends when the last two checks, one after each block, agree that the cell has
    converged, or that it is unstable: then more blocks would not make it converge.
    """
    count = len(values)
    if count < minimum or count < 2:
        return count < maximum
    if count >= maximum:
        return False
    last = verdict(values, target_percent).label
    return last == "capped" or verdict(values[:-1], target_percent).label != last


def doubt(values: Sequence[float] | Blocks, target_percent: float) -> str:
    """Why blocks are no repetitions of one thing: `two modes`, `trend`, or empty.

    Args:
        values: one value per block, in the order of measuring, NaN left out.
        target_percent: what differs by less, in percent of the mean, does not matter.
    """
    blocks = np.asarray(values, dtype=float)
    if len(blocks) < FEWEST_TO_DOUBT or np.ptp(blocks) <= target_percent / 100 * abs(blocks.mean()):
        return ""
    if _two_modes(blocks, target_percent):
        return "two modes"
    return "trend" if _serial_score(blocks) > SERIAL_QUANTILE else ""


def _known(values: Sequence[float] | Blocks) -> Blocks:
    blocks: Blocks = np.asarray(values, dtype=np.float64)
    known: Blocks = blocks[~np.isnan(blocks)]
    return known


def _serial_score(blocks: Blocks) -> float:
    """Standard normal when blocks are independent and normal; high for a trend."""
    count = len(blocks)
    return 2 * serial.resemblance(blocks) / float(np.sqrt(4 * (count - 2) / (count**2 - 1)))


def _two_modes(blocks: Blocks, target_percent: float) -> bool:
    """Whether two clusters explain the blocks better than one normal distribution does.

    The test is Engelman and Hartigan's (J. Am. Statist. Assoc. 64, 1969, 1647): squares
    between over squares within, at the best split.
    """
    count = len(blocks)
    low_first = np.sort(blocks)
    lower = np.arange(1, count)
    sums = np.cumsum(low_first)[:-1]
    distance = (low_first.sum() - sums) / (count - lower) - sums / lower
    between = lower * (count - lower) / count * distance**2
    best = int(between.argmax())
    if distance[best] <= target_percent / 100 * abs(blocks.mean()):
        return False
    total = float(((blocks - blocks.mean()) ** 2).sum())
    within = max(total - float(between[best]), 1e-12 * total)
    threshold = -np.log(1 - 2 / np.pi) + 2.4 / (count - 2) + MODES_QUANTILE / np.sqrt(count - 2)
    return bool(np.log1p(between[best] / within) > threshold)
