"""Two finished campaigns, cell by cell: which cells changed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from vcperf import kinds
from vcperf.analysis import effects
from vcperf.errors import VcperfError

ALPHA = 0.05  # the expected share of false ones among the cells called changed
LEAST_PERCENT = 5  # an effect below this is no change
MOST_EXACT = 20_000  # arrangements; beyond, as many random ones
CHANGED, SAME, FEW = "changed", "no change shown", "too few blocks to tell"
Values = Sequence[float] | NDArray[np.float64]

# The path names its ends, and the size comes last; a label that a kind lacks is empty.
_ELSEWHERE = ("sender", "receiver", "message_bytes")
_LABELS = [label for card in kinds.COMPARED.values() for label in card.labels]
CELL = [
    "testbed",
    *dict.fromkeys(label for label in _LABELS if label not in _ELSEWHERE),
    "message_bytes",
]
COLUMNS = [
    *CELL,
    "metric",
    "mean_a",
    "mean_b",
    "blocks_a",
    "blocks_b",
    "doubtful",
    "effect_percent",
    "low_percent",
    "high_percent",
    "p",
    "adjusted_p",
    "verdict",
]


@dataclass(frozen=True)
class Blocks:
    """The blocks of one cell.

    Args:
        metric: what the values are of: a column of the table.
        values: one a block.
        doubtful: how many of the blocks are not ok.
    """

    metric: str
    values: NDArray[np.float64]
    doubtful: int


def compare(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Every cell of both campaigns, and the cells that just one has.

    Args:
        a, b: results/tables/netperf.csv of each, pingpong.csv, or the rows of both.

    Returns rows of COLUMNS, and the cells of a alone and of b alone, in words. `doubtful`
    blocks, of both, are those that are not ok; they count as any other. A cell is
    `changed` when its permutation test is significant after Benjamini and Hochberg's
    correction (J. R. Statist. Soc. B 57, 1995, 289: of the cells called changed, 5 % are
    false in expectation; when nothing changed, 5 % of comparisons call anything so) and
    the effect is 5 % or more; and its interval, which lets the campaigns scatter unlike,
    must not hold 0. It has `too few blocks to tell` when the smallest p that its blocks
    allow would not have been significant, or its interval is that wide: then `no change
    shown` would say nothing.
    """
    first, second = _cells(a), _cells(b)
    both = [cell for cell in first if cell in second]
    rows, found = [], []
    for cell in both:
        one, other = first[cell], second[cell]
        effect = effects.ratio(other.values, one.values)
        found.append(effect)
        row = dict(zip(CELL, cell, strict=True)) | {"metric": one.metric}
        row |= {"mean_a": one.values.mean(), "mean_b": other.values.mean()}
        row |= {"blocks_a": len(one.values), "blocks_b": len(other.values)}
        row |= {"doubtful": one.doubtful + other.doubtful, "effect_percent": effect.percent}
        row |= {"low_percent": effect.low, "high_percent": effect.high}
        row |= {"p": permutation_p(one.values, other.values)}
        rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    if rows:
        p = table["p"].to_numpy(float)
        table["adjusted_p"] = false_discovery_control(p)
        smallest = [
            smallest_p(int(i), int(j))
            for i, j in zip(table["blocks_a"], table["blocks_b"], strict=True)
        ]
        table["verdict"] = [
            _verdict(index, p, smallest[index], effect) for index, effect in enumerate(found)
        ]
    alone = [[words(c) for c in x if c not in y] for x, y in ((first, second), (second, first))]
    return table, alone[0], alone[1]


def in_both(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The blocks of the cells that both have; arguments as of `compare`."""
    keys = [table.reindex(columns=CELL).astype(object).apply(_key, axis=1) for table in (a, b)]
    return a[keys[0].isin(set(keys[1]))], b[keys[1].isin(set(keys[0]))]


def _key(row: pd.Series) -> tuple[object, ...]:
    return tuple(row.where(row.notna(), ""))


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


def smallest_p(one: int, other: int) -> float:
    """The smallest p that cells of so many blocks can have.

    >>> smallest_p(3, 3)
    0.1
    """
    arrangements = math.comb(one + other, one)
    if arrangements > MOST_EXACT:
        return 1 / MOST_EXACT
    # With equal numbers the mirror image is as extreme.
    return min(1.0, (2 if one == other else 1) / arrangements)


def _verdict(index: int, p: NDArray[np.float64], smallest: float, effect: effects.Effect) -> str:
    if false_discovery_control(p)[index] <= ALPHA:
        if abs(effect.percent) < LEAST_PERCENT:
            return SAME
        return FEW if effect.low <= 0 <= effect.high else CHANGED
    at_best = p.copy()
    at_best[index] = smallest
    return SAME if false_discovery_control(at_best)[index] <= ALPHA else FEW


def words(cell: Sequence[object]) -> str:
    """The values of CELL, those that the cell has."""
    return " ".join(str(value) for value in cell if value != "")


def _cells(table: pd.DataFrame) -> dict[tuple[object, ...], Blocks]:
    named = table.reindex(columns=CELL).astype(object)
    named = named.where(named.notna(), "")
    found = {}
    for cell, group in table.assign(**named).groupby(CELL, sort=False):
        metric = _metric(dict(zip(CELL, cell, strict=True)))
        known = group[group[metric].notna()]
        if len(known):
            doubtful = int((known["status"] != "ok").sum())
            found[cell] = Blocks(metric, known[metric].to_numpy(float), doubtful)
    return found


def _metric(cell: Mapping[str, object]) -> str:
    """The metric of a cell: that of the kind whose labels it has."""
    for card in kinds.COMPARED.values():
        if card.metric_of and all(cell.get(label, label) != "" for label in card.labels):
            return card.metric_of(cell)
    raise VcperfError(f"{words(list(cell.values()))}: not a cell of {', '.join(kinds.COMPARED)}")
