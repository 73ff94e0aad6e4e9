"""Serial correlation of blocks: how large it is, and what it does to the error of a mean.

The model is a first-order autoregression: a block resembles the one before with a correlation r,
the one before that with r^2. With it, the variance of a mean of n blocks is larger than that of
independent blocks (Bayley and Hammersley, J. R. Statist. Soc. Suppl. 8, 1946, 184), their
sample variance is smaller than that of the series, and it is known less well (Satterthwaite,
Biometrics Bulletin 2, 1946, 110). All three are computed exactly for n normal blocks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOWEST, HIGHEST = -0.5, 0.9  # of a correlation; beyond, so few blocks say nothing of a mean
STEP = 0.01


class Widening(NamedTuple):
    """What a correlation does to the standard error s / sqrt(n) of a mean.

    factor: the error is so many times as large; 1 or more.
    freedom: degrees of freedom of s.
    """

    factor: float
    freedom: float


def resemblance(blocks: Floats) -> float:
    """How much successive blocks resemble each other, as it is seen in them.

    Args:
        blocks: one value per block, in the order of measuring.

    Returns 1 less half von Neumann's ratio (Ann. Math. Statist. 12, 1941, 367): 0 for
    independent blocks in expectation, more for a memory, a trend or a jump; 0 also where all
    blocks are equal or there are fewer than two.
    """
    if len(blocks) < 2:
        return 0.0
    deviations = float(((blocks - blocks.mean()) ** 2).sum())
    return 1 - float((np.diff(blocks) ** 2).sum()) / deviations / 2 if deviations else 0.0


def correlation(seen: float, count: int) -> float:
    """The correlation of neighbours that leads to a resemblance, in expectation.

    Args:
        seen: mean resemblance of one or several series.
        count: blocks of each. Deviations from a mean of the same blocks hide a part of the
            correlation, the larger the fewer they are.

    >>> round(correlation(0.0, 10), 2), round(correlation(0.39, 10), 2)
    (0.0, 0.5)
    """
    if count < 2:
        return 0.0
    model = _model(count)
    return float(np.interp(seen, model.resemblance, model.correlation))


def widening(assumed: float, count: int) -> Widening:
    """What an assumed correlation does to the error of a mean.

    Args:
        assumed: correlation of neighbours; below 0 it counts as 0, above HIGHEST as that.
        count: blocks, two or more.

    >>> widening(0.0, 10)
    Widening(factor=1.0, freedom=9.0...)
    >>> widening(0.5, 10)
    Widening(factor=1.77..., freedom=6.2...)
    """
    model = _model(count)
    at = min(max(assumed, 0.0), HIGHEST)
    factor = float(np.interp(at, model.correlation, model.factor))
    return Widening(factor, float(np.interp(at, model.correlation, model.freedom)))


class _Model(NamedTuple):
    """By correlation, rising: the factor and the freedom of Widening, and the resemblance."""

    correlation: Floats
    factor: Floats
    freedom: Floats
    resemblance: Floats


@lru_cache(maxsize=64)
def _model(count: int) -> _Model:
    r = np.round(np.arange(LOWEST, HIGHEST + STEP / 2, STEP), 2)
    lag = np.arange(1, count)[:, None]
    # Of the correlation matrix C: its sum over n, the sum of its squares, that of its rows'.
    mean = 1 + 2 * ((1 - lag / count) * r**lag).sum(axis=0)
    squares = count + 2 * ((count - lag) * r ** (2 * lag)).sum(axis=0)
    place = np.arange(count)[:, None]
    rows = (1 + r - r ** (place + 1) - r ** (count - place)) / (1 - r)
    # s^2 is a quadratic form of M C with M = I - 11'/n: trace and trace of the square.
    trace = count - mean
    trace_of_square = squares - 2 / count * (rows**2).sum(axis=0) + mean**2
    variance = trace / (count - 1)  # what s^2 is on average
    factor = np.sqrt(mean / variance)
    return _Model(r, factor, trace**2 / trace_of_square, 1 - (1 - r) / variance)
