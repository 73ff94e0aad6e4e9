"""A ping-pong latency curve cut into pieces that each follow one law.

The law is latency = a + b * size (R. Hockney, "The communication challenge for MPP",
Parallel Computing 20, 1994), one a protocol: a switch of protocol starts a new a and b and
stays. T. Hoefler, A. Lichei and W. Rehm ("Low-overhead LogGP parameter assessment for modern
interconnection networks", IPDPS 2007) find such switches by least squares as well. Here the
sizes are cut into the pieces that cost least (B. Jackson et al., "An algorithm for optimal
partitioning of data on an interval", IEEE Signal Processing Letters 12, 2005), where a piece
may leave out one bump. Residuals are relative, that is logarithmic, so all sizes weigh alike.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

FALSE_CURVES = 0.01  # share of curves without a bump in which one may be said
NOISE_SIZES = 6  # sizes whose blocks the noise counts as known from: fewer blocks, more doubt

MIN_SIZES = 2  # of a piece: a plateau of two sizes is one
BUMPED_SIZES = 3  # beside a bump: two fix a and b, the third can contradict them
# Squared standard errors beside the critical value's: what must be worth it,
BUMP_PENALTY = 3.0  # a bump,
SECOND_SIZE_PENALTY = 8.0  # its second size,
STEP_PENALTY = 8.0  # another piece, which brings two parameters

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A curve without its blocks' common factors.

    size: n message sizes in bytes, increasing; latency: their medians over the blocks in
    us; error: standard errors of log(latency); blocks: how many.
    """

    size: Floats
    latency: Floats
    error: Floats
    blocks: NDArray[np.int64]

    @property
    def critical(self) -> float:
        """Standard errors that count: Student's t, FALSE_CURVES shared out over the sizes.

        C. Bonferroni's inequality, so it holds however the sizes depend on one another.
        """
        freedom = NOISE_SIZES * (float(np.median(self.blocks)) - 1)
        return float(special.stdtrit(freedom, 1 - FALSE_CURVES / len(self.size)))

    def only(self, places: Sequence[int]) -> Curve:
        """The curve of these places alone."""
        keep = list(places)
        return Curve(self.size[keep], self.latency[keep], self.error[keep], self.blocks[keep])


@dataclass(frozen=True)
class Piece:
    """Places start to stop follow one law, but for first to last, the bump (ends exclusive)."""

    start: int
    stop: int
    first: int
    last: int

    @property
    def bump(self) -> tuple[int, ...]:
        return tuple(range(self.first, self.last))

    @property
    def law(self) -> list[int]:
        """The places that the law is of."""
        return [*range(self.start, self.first), *range(self.last, self.stop)]


def partition(curve: Curve, refused: Collection[tuple[int, ...]] = ()) -> list[Piece]:
    """The pieces of least cost: squared residuals in standard errors, and penalties.

    Args:
        curve: n sizes.
        refused: runs of places that are no bumps.

    Returns the pieces in order, none when there are fewer than MIN_SIZES sizes. Bumps are
    above their law and have sizes of it on both sides.
    """
    n = len(curve.size)
    if n < MIN_SIZES:
        return []
    pieces = _pieces(n)
    start, stop, first, last = pieces.T
    weight = 1 / (curve.error * curve.latency) ** 2
    sums = np.vstack([np.zeros(6), _terms(weight, curve.size, curve.latency).cumsum(axis=0)])
    a, b, cost = _fit(sums[stop] - sums[start] - (sums[last] - sums[first]))
    cost += (curve.critical**2 + BUMP_PENALTY) * (last > first)
    cost += SECOND_SIZE_PENALTY * (last > first + 1)
    cost += (curve.critical**2 + STEP_PENALTY) * (start > 0)
    for end in (first, last - 1):
        cost[(last > first) & (curve.latency[end] < a + b * curve.size[end])] = np.inf
    for run in refused:
        cost[(first == run[0]) & (last == run[-1] + 1)] = np.inf
    least = np.full(n + 1, np.inf)  # of the sizes before this one
    least[0] = 0
    best: dict[int, Piece] = {}
    for end in range(MIN_SIZES, n + 1):
        ending = slice(*np.searchsorted(stop, [end, end + 1]))
        total = least[start[ending]] + cost[ending]
        least[end] = total.min()
        best[end] = Piece(*map(int, pieces[ending][total.argmin()]))
    found, end = [], n
    while end:
        found.append(best[end])
        end = best[end].start
    return found[::-1]


def excess(curve: Curve, law: Sequence[int], place: int) -> tuple[float, float]:
    """log(latency at a place over the law of others), and its standard error.

    Args:
        law: two places or more, not that one.

    Where the law fits its own sizes worse than their errors allow, as where a curve bends, the
    error is larger by the root of chi-square over its degrees of freedom (R. Birge, Phys. Rev. 40,
    1932, 207).
    """
    own = list(law)
    size, latency = curve.size[own], curve.latency[own]
    sums = _terms(1 / (curve.error[own] * latency) ** 2, size, latency).sum(axis=0)
    a, b, cost = _fit(sums)
    misfit = max(1.0, float(cost) / (len(own) - 2)) if len(own) > 2 else 1.0
    # Extrapolated to smaller sizes, a law may fall below zero: far under the latency, it says.
    expected = max(float(a + b * curve.size[place]), curve.latency[place] / 1000)
    slope = np.array([1.0, curve.size[place]]) / expected
    variance = slope @ np.linalg.solve(sums[[[0, 1], [1, 2]]], slope) + curve.error[place] ** 2
    return float(np.log(curve.latency[place] / expected)), float(np.sqrt(variance * misfit))


def _terms(w: Floats, s: Floats, t: Floats) -> Floats:
    """What `_fit` takes the sums of, sizes x 6: weight, size, latency."""
    return np.stack([w, w * s, w * s**2, w * t, w * s * t, w * t**2], axis=1)


def _fit(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """a, b >= 0 and the weighted residual sum of squares, of sums of `_terms`.

    a may be negative: a curve may bend upwards, as where messages outgrow a cache.
    """
    w, ws, wss, wt, wst, wtt = sums.T
    b = np.maximum((w * wst - ws * wt) / (w * wss - ws**2), 0.0)
    a = (wt - b * ws) / w
    return a, b, np.maximum(wtt - a * wt - b * wst, 0.0)


@lru_cache(maxsize=64)
def _pieces(n: int) -> NDArray[np.int64]:
    """All pieces of n sizes, m x 4 as in Piece, in order of where they stop."""
    rows = []
    for stop in range(MIN_SIZES, n + 1):
        for start in range(stop - MIN_SIZES + 1):
            rows.append((start, stop, start, start))
            for width in (1, 2):
                if stop - start - width >= BUMPED_SIZES:
                    firsts = range(start + 1, stop - width)
                    rows += [(start, stop, first, first + width) for first in firsts]
    return np.array(rows)
