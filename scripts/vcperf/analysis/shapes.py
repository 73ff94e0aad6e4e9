"""What can be said of a metric against the message size, beyond its single points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vcperf.analysis.effects import NONE, Effect, contrast
from vcperf.analysis.intervals import LEVEL, standard_error

Curve = Mapping[int, NDArray[np.float64]]  # message size in bytes -> one value per block

KNEE = 0.9  # of its highest mean: there a curve has reached its peak
DRAWS = 4000


def by_size(blocks: pd.DataFrame, metric: str) -> Curve:
    """The blocks of one curve, by rising message size."""
    return {
        int(str(size)): group[metric].to_numpy(float)
        for size, group in blocks.sort_values("block").groupby("message_bytes")
    }


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


def later(curve: Curve, against: Curve) -> Effect:
    """At how much larger a message one curve reaches its peak than another.

    The interval is from 4000 draws of both curves, each mean from its own Student's
    distribution (a parametric bootstrap; Davison and Hinkley, Bootstrap Methods, 1997,
    section 5.2, with few blocks' heavier tails). Sizes are the campaign's own, so it
    moves in steps.
    """
    chance = np.random.default_rng(2009)
    knees, unsure = [], False
    for one in (curve, against):
        sizes = np.array(list(one), dtype=float)
        means = np.array([values.mean() for values in one.values()])
        known = [standard_error(values) for values in one.values()]
        errors = [error * chance.standard_t(freedom, DRAWS) for error, freedom in known]
        drawn = means + np.column_stack(errors)
        unsure |= bool(np.isnan(drawn).any())
        knees.append((float(knee(means[None], sizes)[0]), knee(drawn, sizes)))
    (size, sizes_drawn), (other, others_drawn) = knees
    percent = 100 * (size / other - 1)
    if unsure:
        return Effect(percent, NONE.low, NONE.high)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(100 * (sizes_drawn / others_drawn - 1), [tail, 100 - tail])
    return Effect(percent, float(low), float(high))


def swing(curve: Curve) -> Effect:
    """The deepest fall from one message size to a larger one, in percent (negative).

    Every pair of sizes is looked at, so each pair's interval has Bonferroni's share of
    the 5 %: noise alone does not make a fall.
    """
    pairs = list(combinations(curve, 2))
    if not pairs:
        return NONE
    level = 1 - (1 - LEVEL) / len(pairs)
    falls = [contrast([(1, curve[b]), (-1, curve[a])], level) for a, b in pairs]
    return Effect(
        *(float(np.min([getattr(f, name) for f in falls])) for name in ("percent", "low", "high"))
    )


def excess(curve: Curve, size: int) -> Effect | None:
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
    return contrast([(1, curve[size]), (share - 1, curve[below]), (-share, curve[above])])
