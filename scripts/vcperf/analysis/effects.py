"""How much more or less one cell gives than another, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from vcperf.analysis.intervals import LEVEL, median_interval, standard_error


@dataclass(frozen=True)
class Sample:
    """The blocks of a cell, and what represents them.

    Args:
        values: one per block, in the order of measuring.
        by_median: whether that is their median; else it is their mean.
    """

    values: Sequence[float] | NDArray[np.float64]
    by_median: bool


Values = Sequence[float] | NDArray[np.float64] | Sample


@dataclass(frozen=True)
class Effect:
    """A relative difference, in percent; -50 is half, 100 is twice.

    Args:
        percent: the estimate.
        low, high: its 95 % interval; NaN where there are too few blocks for one.
    """

    percent: float
    low: float
    high: float


NONE = Effect(float("nan"), float("nan"), float("nan"))


def by_median(values: Values) -> bool:
    """Whether blocks are represented by their median."""
    return isinstance(values, Sample) and values.by_median


def known(values: Values) -> NDArray[np.float64]:
    """The blocks that have a value."""
    blocks: NDArray[np.float64] = np.asarray(_values(values), dtype=np.float64)
    found: NDArray[np.float64] = blocks[~np.isnan(blocks)]
    return found


def middle(values: Values) -> float:
    """What represents blocks: their mean, or their median."""
    blocks = known(values)
    return float(np.median(blocks) if by_median(values) else blocks.mean())


def contrast(
    terms: Sequence[tuple[float, Values]], level: float = LEVEL, constant: float = 1.0
) -> Effect:
    """A product of powers of means, divided by a constant, less one.

    Args:
        terms: (power, one value per block in the order of measuring) of each mean; the blocks
            of different terms are independent. A term of one block has no variance: the result
            has no interval.
        level: of the interval.
        constant: what the product is divided by.

    The logarithm of a mean has the variance (error / mean)^2, by the delta method: the
    log response ratio of Hedges, Gurevitch and Curtis (Ecology 80, 1999, 1150). The error is
    widened where blocks resemble each other (`vcperf.analysis.intervals.standard_error`). The
    quantile is Student's, with the degrees of freedom of Welch and Satterthwaite. For
    the scatter of blocks, a few percent, it agrees with Fieller's interval.

    Where a term is represented by its median, the intervals of the terms are combined
    (`_with_medians`).
    """
    logarithm, parts, freedoms = -float(np.log(constant)), [], []
    if any(by_median(values) for _, values in terms):
        return _with_medians(terms, level, logarithm)
    for power, values in terms:
        blocks = known(values)
        if not len(blocks) or blocks.mean() <= 0:
            return NONE
        logarithm += power * float(np.log(blocks.mean()))
        error, freedom = standard_error(blocks)
        parts.append((power * error / float(blocks.mean())) ** 2)
        freedoms.append(freedom)
    variance = sum(parts)
    if variance > 0:
        freedom = variance**2 / sum(p**2 / f for p, f in zip(parts, freedoms, strict=True))
    else:
        freedom = float(min(freedoms))
    return of_logarithm(logarithm, float(np.sqrt(variance)), freedom, level)


def ratio(values: Values, against: Values, level: float = LEVEL) -> Effect:
    """The mean of one cell's blocks in terms of another's.

    >>> effect = ratio([50.0, 51.0, 49.0], [100.0, 101.0, 99.0])
    >>> round(effect.percent), round(effect.low, 1), round(effect.high, 1)
    (-50, -52.0, -47.9)
    """
    return contrast([(1, values), (-1, against)], level)


def paired_ratio(values: Values, against: Values, level: float = LEVEL) -> Effect:
    """The same of two metrics of the same blocks, pair by pair.

    What moves both metrics of a block moves their ratio not, so the interval is that of
    the mean of logarithms of ratios; of their median where a side is represented by that.
    """
    one, other = (np.asarray(_values(side), dtype=float) for side in (values, against))
    both = ~(np.isnan(one) | np.isnan(other))
    one, other = one[both], other[both]
    if not len(one) or (one <= 0).any() or (other <= 0).any():
        return NONE
    logarithms = np.log(one / other)
    if by_median(values) or by_median(against):
        return _of_logarithms(*median_interval(logarithms, level))
    return of_logarithm(float(logarithms.mean()), *standard_error(logarithms), level)


def judge(
    effect: Effect, expect: str, margin_percent: float, stricter: Effect | None = None
) -> str:
    """`supported`, `contradicted` or `open`.

    Args:
        effect: with its 95 % interval.
        expect: `lower` or `higher`, by more than the margin; or `equal`, to within it.
        margin_percent: 0 or more.
        stricter: the same effect with the interval that a contradiction needs, where that is
            wider.

    An effect is shown by an interval that lies beyond the margin as a whole; that it is
    wrong, by one that lies wholly on the other side. Equality is never the mere
    lack of a difference: the whole interval must lie within the margin (two one-sided
    tests, Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987, 657, here each at 2.5 %).
    """
    if _sides(effect, expect, margin_percent)[0]:
        return "supported"
    contradicted = _sides(stricter or effect, expect, margin_percent)[1]
    return "contradicted" if contradicted else "open"


def _sides(effect: Effect, expect: str, margin: float) -> tuple[bool, bool]:
    """Whether the whole interval is where it is expected, and whether it is on the other side.
    Of an interval that is not known, neither holds."""
    low, high = effect.low, effect.high
    if expect == "equal":
        return -margin < low and high < margin, high < -margin or low > margin
    if expect == "lower":
        return high < -margin, low > -margin
    return low > margin, high < margin


def _values(values: Values) -> Sequence[float] | NDArray[np.float64]:
    return values.values if isinstance(values, Sample) else values


def _logarithms(
    blocks: NDArray[np.float64], level: float, median: bool
) -> tuple[float, float, float]:
    """Mean or median of blocks and its interval, as logarithms; NaN where it is not above 0."""
    if not len(blocks) or (blocks <= 0).any():
        return NONE.percent, NONE.low, NONE.high
    if median:
        found, low, high = map(float, np.log(median_interval(blocks, level)))
        return found, low, high
    error, freedom = standard_error(blocks)
    half = float(special.stdtrit(freedom, (1 + level) / 2)) * error / float(blocks.mean())
    found = float(np.log(blocks.mean()))
    return found, found - half, found + half


def _with_medians(terms: Sequence[tuple[float, Values]], level: float, logarithm: float) -> Effect:
    """`contrast` of means and medians: each one's interval on the logarithmic scale, combined by
    the square root of squares (Zou and Donner, Statistics in Medicine 27, 2008, 1693).

    Args:
        logarithm: to begin with: that of the constant, negative.
    """
    below, above = 0.0, 0.0
    for power, values in terms:
        found, low, high = _logarithms(known(values), level, by_median(values))
        if np.isnan(found):
            return NONE
        logarithm += power * found
        down, up = sorted((power * (low - found), power * (high - found)))
        below, above = float(np.hypot(below, down)), float(np.hypot(above, up))
    return _of_logarithms(logarithm, logarithm - below, logarithm + above)


def of_logarithm(logarithm: float, error: float, freedom: float, level: float = LEVEL) -> Effect:
    """The effect whose logarithm (of the ratio) and its standard error are known.

    Args:
        logarithm, error: natural logarithms.
        freedom: degrees of freedom of the error.
        level: of the interval.
    """
    half = float(special.stdtrit(freedom, (1 + level) / 2)) * error
    return _of_logarithms(logarithm, logarithm - half, logarithm + half)


def _of_logarithms(*ends: float) -> Effect:
    # An interval of several orders of magnitude says nothing; it need not overflow.
    return Effect(*map(float, 100 * np.expm1(np.clip(ends, -50, 50))))
