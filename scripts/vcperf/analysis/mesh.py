"""Which pairs of a mesh, and which of its nodes, differ from the rest by more than chance.

A pair's value is the logarithm of the median of its blocks. It is taken as the level of the sender
plus that of the receiver plus what is the pair's own: nodes may differ, and a pair stands out by
what the levels of its two nodes do not explain. Both levels are fitted by least squares to all
pairs but those that stand out, which are found one by one, the largest first. The test of a pair
is that of an outlier: its difference from the fit without it, against the scatter of the other
pairs (externally studentized residuals; Cook and Weisberg, Residuals and Influence in Regression,
1982). So pairs that differ a little from each other for good, as cables do, are the measure and no
alarm. Nodes are tested alike, each level against those of the other nodes. Of all tests of a mesh
together, the rate of false discoveries is held to 5 % (Benjamini and Hochberg, J. R. Statist. Soc.
B 57, 1995, 289).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from vcperf.analysis import doubts
from vcperf.kinds import netperf

Array = NDArray[np.float64]
RATE = 0.05  # of false discoveries
LEVEL = 0.95  # of the intervals
FEWEST_BLOCKS = 3  # of fewer, a median says nothing about one disturbed block
MARGIN_PERCENT = 5.0
SLOWER, FASTER, ALIKE, OPEN = "slower", "faster", "alike", "open"
ALL = "*"  # in place of a node: all others
COLUMNS = [
    *("testbed", "pinning", "test", "message_bytes", "streams", "load"),
    *("sender", "receiver", "metric"),
    *("median", "blocks", "doubtful", "effect_percent", "low_percent", "high_percent"),
    *("p", "adjusted_p", "verdict", "why", "platform"),
]


@dataclass(frozen=True)
class Tests:
    """Several values, each tested against the others; arrays of one shape, NaN where there is no
    test.

    Args:
        difference: from the rest.
        error: its standard error.
        freedom: the degrees of freedom of that error.
    """

    difference: Array
    error: Array
    freedom: Array

    @property
    def p(self) -> Array:
        """Two-sided p values."""
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.abs(self.difference) / self.error
            found = 2 * stats.t.sf(ratio, self.freedom)
        return np.asarray(found, float)

    @property
    def half(self) -> Array:
        """Half widths of the 95 % intervals."""
        return np.asarray(stats.t.ppf(0.5 + LEVEL / 2, self.freedom) * self.error, float)


def adjusted(p: Array) -> Array:
    """p values adjusted for the rate of false discoveries; NaN stays."""
    known = ~np.isnan(p)
    found = np.full(p.shape, np.nan)
    if known.any():
        found[known] = stats.false_discovery_control(p[known])
    return found


def of_pairs(values: Array) -> tuple[Tests, Array, Array]:
    """Each pair against what the levels of its nodes say.

    Args:
        values: n x n, sender by receiver, logarithms; NaN on the diagonal and where nothing was
            measured.

    Returns the tests, n x n, and the levels of the n senders and of the n receivers.
    """
    used = ~np.isnan(values)
    while True:
        tests, levels = _fit(values, used)
        new = used & _standing_out(tests)
        if not new.any():
            senders, receivers = np.split(levels, 2)
            return tests, senders, receivers
        used &= ~new


def of_nodes(levels: Array) -> Tests:
    """Each node's level against those of the other nodes.

    Args:
        levels: n of them; NaN where there is none.
    """
    used = ~np.isnan(levels)
    while True:
        tests = _mean(levels, used)
        new = used & _standing_out(tests)
        if not new.any():
            return tests
        used &= ~new


def _standing_out(tests: Tests) -> NDArray[np.bool_]:
    """The tests that surely stand out, and not because a larger one pulls at their fit."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.abs(tests.difference) / tests.error
    surely = adjusted(tests.p) <= RATE
    if not surely.any():
        return surely
    outlying: NDArray[np.bool_] = surely & (ratio > np.nanmax(ratio[surely]) / 2)
    return outlying


def _fit(values: Array, used: NDArray[np.bool_]) -> tuple[Tests, Array]:
    """Additive levels by least squares, and each pair against a fit without it.

    Args:
        values: as of `of_pairs`.
        used: n x n, the pairs that the fit is made of.

    Returns the tests, and the 2 n levels: NaN of a node without pairs.
    """
    count = len(values)
    weights = used.astype(float)
    gram = np.block(
        [[np.diag(weights.sum(1)), weights], [weights.T, np.diag(weights.sum(0))]],
    )
    inverse = np.linalg.pinv(gram, hermitian=True)
    known = np.where(used, values, 0.0)
    levels = inverse @ np.concatenate([known.sum(1), known.sum(0)])
    error = values - levels[:count, None] - levels[None, count:]
    own = np.diag(inverse)
    leverage = own[:count, None] + own[None, count:] + 2 * inverse[:count, count:]
    freedom = used.sum() - np.linalg.matrix_rank(gram, hermitian=True)
    squares = float((error[used] ** 2).sum())
    levels = np.where(np.diag(gram) > 0, levels, np.nan)
    return _tests(error, leverage, used, squares, int(freedom)), levels


def _mean(levels: Array, used: NDArray[np.bool_]) -> Tests:
    """Each level against the mean of the others."""
    count = int(used.sum())
    error = levels - levels[used].mean() if count else np.full(levels.shape, np.nan)
    leverage = np.full(levels.shape, 1 / max(1, count))
    return _tests(error, leverage, used, float((error[used] ** 2).sum()), count - 1)


def _tests(
    error: Array, leverage: Array, used: NDArray[np.bool_], squares: float, freedom: int
) -> Tests:
    """Deleted residuals of what is in the fit, and errors of prediction of what is not.

    Args:
        error: values less the fit.
        leverage: that of each value in the fit; of others, the variance of the fit at them.
        used: which are in the fit.
        squares: the sum of the squared errors of the fit.
        freedom: its degrees of freedom.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        left = np.where(used, 1 - leverage, 1 / (1 + leverage))
        left = np.where(left > 1e-9, left, np.nan)
        without = np.where(used, squares - error**2 / left, squares)
        free = np.where(used, freedom - 1.0, float(freedom))
        variance = np.where(free > 0, np.maximum(without, 0) / free, np.nan)
        difference = np.where(used, error / left, error)
        spread = np.sqrt(variance / left)
    spread = np.where(spread > 0, spread, np.nan)
    return Tests(difference, spread, np.where(free > 0, free, np.nan))


@dataclass(frozen=True)
class Found:
    """What the tests of a mesh say.

    Args:
        pairs: each pair against what its nodes' levels say; n x n, sender by receiver.
        senders, receivers: each node's level against those of the others; n each.
        adjusted: the p values of these three, adjusted together.
        agree: n x n, whether a pair's own blocks agree that it differs.
    """

    pairs: Tests
    senders: Tests
    receivers: Tests
    adjusted: tuple[Array, Array, Array]
    agree: NDArray[np.bool_]


def judge(values: Array) -> Found:
    """Test the pairs and nodes of a mesh.

    Args:
        values: logarithms, n x n x blocks, sender by receiver; NaN where nothing was measured.
    """
    middle = _median(values)
    pairs, senders, receivers = of_pairs(middle)
    families = (pairs, of_nodes(senders), of_nodes(receivers))
    p = adjusted(np.concatenate([tests.p.ravel() for tests in families]))
    first, second, third = np.split(p, np.cumsum([tests.p.size for tests in families])[:-1])
    own = values - middle[..., None] + pairs.difference[..., None]
    return Found(*families, (first.reshape(middle.shape), second, third), _exclude_zero(own))


def _median(values: Array) -> Array:
    """The median of each pair's blocks; NaN where there is none."""
    found = np.full(values.shape[:-1], np.nan)
    some = ~np.isnan(values).all(-1)
    found[some] = np.nanmedian(values[some], axis=-1)
    return found


def _exclude_zero(values: Array) -> NDArray[np.bool_]:
    """Whether the 95 % t-interval of the mean over the last axis excludes 0."""
    count = (~np.isnan(values)).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(np.isnan(values), 0.0, values).sum(-1) / count
        squares = np.where(np.isnan(values), 0.0, (values - mean[..., None]) ** 2).sum(-1)
        error = np.sqrt(squares / (count - 1) / count)
        limit = stats.t.ppf(0.5 + LEVEL / 2, np.maximum(count - 1, 1))
        excluded: NDArray[np.bool_] = (count > 1) & (np.abs(mean) > limit * error)
    return excluded


def find(blocks: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    """The rows of one mesh: its pairs, then its nodes as senders and as receivers.

    Args:
        blocks: rows of blocks, with sender, receiver, status and the metric.
        metric: the column that is compared.
    """
    nodes = sorted({*blocks["sender"], *blocks["receiver"]})
    place = {node: index for index, node in enumerate(nodes)}
    ends = [blocks[end].map(place).to_numpy() for end in ("sender", "receiver")]
    known = blocks[metric].to_numpy(float)
    number = blocks.groupby(["sender", "receiver"]).cumcount().to_numpy()
    values = np.full((len(nodes), len(nodes), int(number.max()) + 1), np.nan)
    values[*ends, number] = np.log(np.where(known > 0, known, np.nan))
    doubtful = np.zeros(values.shape[:2], int)
    np.add.at(doubtful, tuple(ends), (blocks["status"] != "ok").to_numpy())
    counts, middle, found = (~np.isnan(values)).sum(-1), np.exp(_median(values)), judge(values)
    rows = []
    for at in map(tuple, np.argwhere(counts > 0)):
        row = {"sender": nodes[at[0]], "receiver": nodes[at[1]], "median": middle[at]}
        row |= {"blocks": counts[at], "doubtful": doubtful[at]}
        rows.append(row | _row(found.pairs, found.adjusted[0], at, counts[at], found.agree[at]))
    for axis, tests, sure in ((1, found.senders, 1), (0, found.receivers, 2)):
        end = ("receiver", "sender")[axis]
        for index in np.flatnonzero(counts.sum(axis) > 0):
            row = {"sender": ALL, "receiver": ALL, end: nodes[index]}
            row["median"] = float(np.nanmedian(np.take(middle, index, 1 - axis)))
            row |= {"blocks": counts.sum(axis)[index], "doubtful": doubtful.sum(axis)[index]}
            rows.append(row | _row(tests, found.adjusted[sure], (index,), row["blocks"], True))
    return rows


def _row(
    tests: Tests, sure: Array, at: tuple[Any, ...], blocks: int, agree: bool
) -> dict[str, Any]:
    """What a test says: the difference in percent, its interval, p and the verdict."""
    difference, half = tests.difference[at], tests.half[at]
    effect, low, high = (100 * np.expm1(difference + d) for d in (0, -half, half))
    row = {"effect_percent": effect, "low_percent": low, "high_percent": high}
    row |= {"p": tests.p[at], "adjusted_p": sure[at]}
    verdict, why = _verdict(effect, low, high, sure[at], (blocks, agree))
    return row | {"verdict": verdict, "why": why}


def _verdict(
    effect: float, low: float, high: float, sure: float, own: tuple[int, bool]
) -> tuple[str, str]:
    """The verdict, and why it is open.

    Args:
        effect, low, high: the difference and its interval, in percent.
        sure: the adjusted p value.
        own: how many blocks there are, and whether they agree.
    """
    blocks, agree = own
    if np.isnan(sure):
        return OPEN, "too few pairs"
    if sure <= RATE:
        if blocks < FEWEST_BLOCKS:
            return OPEN, f"fewer than {FEWEST_BLOCKS} blocks"
        if not agree:
            return OPEN, "its blocks disagree"
        return SLOWER if effect < 0 else FASTER, ""
    if low >= -MARGIN_PERCENT and high <= MARGIN_PERCENT:
        return ALIKE, ""
    return OPEN, f"{MARGIN_PERCENT:g} % may be chance"


def tables(
    found: Mapping[str, pd.DataFrame], meshes: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, pd.DataFrame]:
    """The table mesh.

    Args:
        found: the table netperf.
        meshes: kind -> what names the blocks of each mesh: column -> value.
    """
    return {"mesh": pd.DataFrame(_rows(found["netperf"], meshes["netperf"]), columns=COLUMNS)}


def _rows(blocks: pd.DataFrame, meshes: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for mesh in meshes:
        chosen = blocks
        for column, value in mesh.items():
            chosen = chosen[chosen[column].astype(str) == str(value)]
        if len(chosen):
            metric = netperf.metric_of(mesh)
            platform = doubts.joined(chosen["platform"])
            for row in find(chosen, metric):
                yield {**mesh, "metric": metric, **row, "platform": platform}
