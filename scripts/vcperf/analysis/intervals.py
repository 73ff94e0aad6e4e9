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

LEVEL = 0.95
FEWEST_TO_DOUBT = 5  # below, neither modes nor trends can be told from chance
# One-sided standard normal quantiles. Every further block is another look, so each look
# must be strict for few good cells to be called unstable over a whole campaign.
MODES_QUANTILE = 3.3
SERIAL_QUANTILE = 1.96
HIGHEST_CORRELATION = 0.9
FEWEST_TO_CORRELATE = 8

Blocks = NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """What the blocks of a cell are worth.

    Args:
        label: `converged` (the interval is within the target), `capped` (it is not), or
            `unstable` (the blocks are no repetitions of one thing).
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
    """Mean of blocks and its two-sided 95 % interval by Student's t.

    Args:
        values: one value per block, any unit; NaN is left out.

    Returns (mean, low, high); low and high are NaN for fewer than two values, all
    three for none.

    >>> mean_interval([9.0, 10.0, 11.0])
    (10.0, 7.515862..., 12.484137...)
    """
    blocks = _known(values)
    if not len(blocks):
        return float("nan"), float("nan"), float("nan")
    mean = float(blocks.mean())
    half = _half_width(blocks)
    return mean, mean - half, mean + half


def median_interval(values: Sequence[float] | Blocks) -> tuple[float, float, float]:
    """Median of blocks and its interval of at least 95 %, between two order statistics.

    Args:
        values: one value per block, any unit; NaN is left out.

    Returns (median, low, high); low and high are NaN for fewer than six values, which
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
    k = int(stats.binom.ppf((1 - LEVEL) / 2, len(blocks), 0.5))
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

    The interval of a mean is Student's, widened when successive blocks resemble each
    other (`correlation_factor`). A rule that looks at the interval to decide when to
    stop, stops where it happens to be narrow: so a cell that converged under such a rule
    has an interval of the target's whole width, the fixed-width interval of Chow and
    Robbins (Ann. Math. Statist. 36, 1965, 457).
    """
    blocks = _known(values)
    why = doubt(blocks, target_percent)
    if why:
        return Verdict("unstable", why, *median_interval(blocks))
    mean, _, _ = mean_interval(blocks)
    half = _half_width(blocks) * correlation_factor(blocks)
    target = target_percent / 100 * abs(mean)
    if half <= target:
        half = target if sequential else half
        return Verdict("converged", "", mean, mean - half, mean + half)
    return Verdict("capped", "", mean, mean - half, mean + half)


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


def correlation_factor(values: Sequence[float] | Blocks) -> float:
    """How much wider an interval must be because successive blocks resemble each other.

    Args:
        values: one value per block, in the order of measuring.

    Returns sqrt((1 + r) / (1 - r)) for a correlation r of neighbours (Bayley and
    Hammersley, J. R. Statist. Soc. Suppl. 8, 1946, 184: the effective number of
    observations), where it stands out at all; else 1.

    >>> correlation_factor([1, 2, 1, 2, 1, 2])
    1.0
    """
    blocks = np.asarray(values, dtype=float)
    count = len(blocks)
    if count < FEWEST_TO_CORRELATE or _serial_score(blocks) <= 0.5:
        return 1.0
    correlation = 1 - _von_neumann(blocks) / 2
    # Deviations from a mean of the same blocks hide (1 + 4 r) / n of it (Marriott and
    # Pope, Biometrika 41, 1954, 390).
    correlation = min(HIGHEST_CORRELATION, (correlation * count + 1) / (count - 4))
    return float(np.sqrt((1 + correlation) / (1 - correlation)))


def _known(values: Sequence[float] | Blocks) -> Blocks:
    blocks: Blocks = np.asarray(values, dtype=np.float64)
    known: Blocks = blocks[~np.isnan(blocks)]
    return known


def _half_width(blocks: Blocks) -> float:
    count = len(blocks)
    if count < 2:
        return float("nan")
    quantile = special.stdtrit(count - 1, (1 + LEVEL) / 2)
    return float(quantile * blocks.std(ddof=1) / np.sqrt(count))


def _von_neumann(blocks: Blocks) -> float:
    """Squares of successive differences over squares of deviations: 2 for independent
    blocks, less for a trend, a jump or a memory (Ann. Math. Statist. 12, 1941, 367)."""
    deviations = float(((blocks - blocks.mean()) ** 2).sum())
    return float((np.diff(blocks) ** 2).sum()) / deviations if deviations else 2.0


def _serial_score(blocks: Blocks) -> float:
    """Standard normal when blocks are independent and normal; high for a trend."""
    count = len(blocks)
    return float((2 - _von_neumann(blocks)) / np.sqrt(4 * (count - 2) / (count**2 - 1)))


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
