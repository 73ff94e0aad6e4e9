"""How much more or less one cell gives than another, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from vcperf.analysis.intervals import LEVEL, standard_error

Values = Sequence[float] | NDArray[np.float64]


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
    """
    logarithm, parts, freedoms = -float(np.log(constant)), [], []
    for power, values in terms:
        blocks = np.asarray(values, dtype=float)
        blocks = blocks[~np.isnan(blocks)]
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
    the mean of logarithms of ratios.
    """
    one, other = np.asarray(values, dtype=float), np.asarray(against, dtype=float)
    known = ~(np.isnan(one) | np.isnan(other))
    one, other = one[known], other[known]
    if not len(one) or (one <= 0).any() or (other <= 0).any():
        return NONE
    logarithms = np.log(one / other)
    return of_logarithm(float(logarithms.mean()), *standard_error(logarithms), level)


def judge(effect: Effect, expect: str, margin_percent: float) -> str:
    """`supported`, `contradicted` or `open`.

    Args:
        effect: with its 95 % interval.
        expect: `lower` or `higher`, by more than the margin; or `equal`, to within it.
        margin_percent: 0 or more.

    An effect is told by an interval that lies beyond the margin as a whole; that it is
    told wrong, by one that lies wholly on the other side. Equality is never the mere
    lack of a difference: the whole interval must lie within the margin (two one-sided
    tests, Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987, 657, here each at 2.5 %).
    """
    low, high = effect.low, effect.high
    if np.isnan(low) or np.isnan(high):
        return "open"
    if expect == "equal":
        inside = -margin_percent < low and high < margin_percent
        outside = high < -margin_percent or low > margin_percent
    elif expect == "lower":
        inside, outside = high < -margin_percent, low > -margin_percent
    else:
        inside, outside = low > margin_percent, high < margin_percent
    return "supported" if inside else "contradicted" if outside else "open"


def of_logarithm(logarithm: float, error: float, freedom: float, level: float = LEVEL) -> Effect:
    """The effect whose logarithm (of the ratio) and its standard error are known.

    Args:
        logarithm, error: natural logarithms.
        freedom: degrees of freedom of the error.
        level: of the interval.
    """
    half = float(special.stdtrit(freedom, (1 + level) / 2)) * error
    # An interval of several orders of magnitude says nothing; it need not overflow.
    ends = np.clip([logarithm, logarithm - half, logarithm + half], -50, 50)
    return Effect(*map(float, 100 * np.expm1(ends)))
