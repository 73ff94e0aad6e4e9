"""What can be said of a metric against the message size, beyond its single points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from vcperf.analysis.effects import NONE, Effect, Values, by_median, contrast, known, middle
from vcperf.analysis.intervals import LEVEL, standard_error

Curve = Mapping[int, Values]  # message size in bytes -> the blocks of that cell

KNEE = 0.9  # of its highest mean: there a curve has reached its peak
DRAWS = 4000


def knee(means: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest size at which each curve reaches KNEE of its highest mean.

    Args:
        means: one row a curve, one column a size.
        sizes: in bytes, rising.

    >>> knee(np.array([[10, 90, 100, 99]]), np.array([1, 2, 3, 4]))
    array([2])
    """
    reached: NDArray[np.float64] = means >= KNEE * means.max(axis=1, keepdims=True)
    found: NDArray[np.float64] = sizes[reached.argmax(axis=1)]
    return found


def later(curve: Curve, against: Curve, level: float = LEVEL) -> Effect:
    """At how much larger a message one curve reaches its peak than another.

    A curve reaches its peak somewhere between the size at which it is seen there and the size
    below. So the interval goes from that lower size over the other curve's upper one to the
    upper size over the other's lower one: from -100 % where a curve is at its peak at its
    smallest size, to infinity where the other is. Chance is added by 4000 draws of both curves:
    each mean from its own Student's distribution (a parametric bootstrap; Davison and Hinkley,
    Bootstrap Methods, 1997, section 5.2, with few blocks' heavier tails), each median from its
    blocks drawn with replacement.
    """
    chance = np.random.default_rng(2009)
    found, brackets, sure = [], [], True
    for one in (curve, against):
        sizes = np.array(list(one), dtype=float)
        heights = np.array([middle(values) for values in one.values()])
        draws = np.column_stack([_draws(values, chance) for values in one.values()])
        found.append(float(knee(heights[None], sizes)[0]))
        brackets.append(_bracket(knee(draws, sizes), sizes))
        sure &= bool(np.isfinite(draws).all())
    percent = 100 * (found[0] / found[1] - 1)
    if not sure:
        return Effect(percent, NONE.low, NONE.high)
    (below, above), (other_below, other_above) = brackets
    with np.errstate(divide="ignore"):
        least, most = below / other_above, above / other_below
    tail = 50 * (1 - level)
    low = np.percentile(least, tail, method="lower")
    high = np.percentile(most, 100 - tail, method="higher")
    return Effect(percent, 100 * (float(low) - 1), 100 * (float(high) - 1))


def _draws(values: Values, chance: np.random.Generator) -> NDArray[np.float64]:
    """DRAWS of what represents a cell; NaN for a cell of one block."""
    blocks = known(values)
    if by_median(values):
        drawn: NDArray[np.float64] = np.median(chance.choice(blocks, (DRAWS, len(blocks))), axis=1)
        return drawn
    error, freedom = standard_error(blocks)
    around: NDArray[np.float64] = middle(values) + error * chance.standard_t(freedom, DRAWS)
    return around


def _bracket(
    knees: NDArray[np.float64], sizes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sizes between which curves reach their peak; the lower is 0 below the smallest."""
    below = np.concatenate([[0.0], sizes[:-1]])
    return below[np.searchsorted(sizes, knees)], knees


def swing(curve: Curve, level: float = LEVEL) -> Effect:
    """The deepest fall from one message size to a larger one, in percent; above 0 where the
    curve only rises.

    Every pair of sizes is looked at, so each pair's interval has Bonferroni's share of
    the 5 %: noise alone does not make a fall.
    """
    pairs = list(combinations(curve, 2))
    if not pairs:
        return NONE
    each = 1 - (1 - level) / len(pairs)
    falls = [contrast([(1, curve[b]), (-1, curve[a])], each) for a, b in pairs]
    return Effect(
        *(float(np.min([getattr(f, name) for f in falls])) for name in ("percent", "low", "high"))
    )


def excess(curve: Curve, size: int, level: float = LEVEL) -> Effect | None:
    """How far a curve lies above the line between a size's neighbours.

    Args:
        curve: blocks by size.
        size: the size in question, in bytes.

    The line is straight in the logarithms of size and value. Returns None where the
    curve has no such size, or none to either side.
    """
    sizes = sorted(curve)
    if size not in sizes or size in (sizes[0], sizes[-1]):
        return None
    index = sizes.index(size)
    below, above = sizes[index - 1], sizes[index + 1]
    share = math.log(size / below) / math.log(above / below)
    return contrast([(1, curve[size]), (share - 1, curve[below]), (-share, curve[above])], level)
