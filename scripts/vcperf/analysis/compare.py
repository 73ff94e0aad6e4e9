"""Two finished campaigns, cell by cell: which cells changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from vcperf import kinds
from vcperf.analysis import changes, doubts
from vcperf.analysis.changes import ALPHA, Between, Series
from vcperf.analysis.effects import Effect
from vcperf.errors import VcperfError
from vcperf.tables import columns

LEAST_PERCENT = 5  # the margin: an effect below this is no change
TARGET = 2.5  # percent: modes and trends below it do not count
CHANGED, SAME, FEW = "changed", "no change beyond the margin", "too few blocks to tell"
WORSE, BETTER = "worse", "better"

# The path names its ends, and the size comes last; a label that a kind lacks is empty, and one that
# is as usual.
_ELSEWHERE = ("sender", "receiver", "message_bytes")
_CARDS = kinds.COMPARED.values()
_LABELS = [label for card in _CARDS for label in card.labels if label not in card.usual]
CELL = [
    "testbed",
    *dict.fromkeys(label for label in (*_LABELS, *kinds.ADDED) if label not in _ELSEWHERE),
    "message_bytes",
]
COLUMNS = [
    *CELL,
    "metric",
    "mean_a",
    "mean_b",
    "unit",
    "blocks_a",
    "blocks_b",
    "doubtful",
    "why",
    "shared_blocks",
    "effect_percent",
    "low_percent",
    "high_percent",
    "correlation",
    "p",
    "adjusted_p",
    "verdict",
    "direction",
]
Key = tuple[object, ...]


@dataclass(frozen=True)
class Cell:
    """The blocks of one cell in one campaign.

    Args:
        metric: what the values are of: a column of the table.
        series: the blocks.
        doubtful: how many of the blocks are not ok.
        why: the cell is doubtful (`vcperf.analysis.doubts.why`).
        measured: what no other block has: when and where each was measured, and its value.
    """

    metric: str
    series: Series
    doubtful: int
    measured: frozenset[tuple[object, ...]] = frozenset()
    why: str = ""


def compare(
    a: pd.DataFrame,
    b: pd.DataFrame,
    between: Between | None = None,
    margin_percent: float = LEAST_PERCENT,
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Every cell of both campaigns, and the cells that just one has.

    Args:
        a, b: results/tables/netperf.csv of each, pingpong.csv, or the rows of both.
        between: of `yardstick`: what campaigns of one thing differ by is no change. None: it
            counts as nothing.
        margin_percent: an effect below this is no change.

    Returns rows of COLUMNS, those of `compare_cells`; and the cells of a alone and of b alone, in
    words.
    """
    first, second = cells(a), cells(b)
    table = compare_cells(first, second, between, margin_percent)
    alone = [[words(c) for c in x if c not in y] for x, y in ((first, second), (second, first))]
    return table, alone[0], alone[1]


def yardstick(calibration: Iterable[pd.DataFrame]) -> Between | None:
    """What campaigns of one thing differ by (`vcperf.analysis.changes.between`).

    Args:
        calibration: the blocks of two or more campaigns of one thing, as for `compare`.

    Returns None without any. Raises VcperfError for a single one, and when they have no cell in
    common.
    """
    known = [{key: cell.series for key, cell in cells(table).items()} for table in calibration]
    if not known:
        return None
    if len(known) < 2:
        raise VcperfError("calibration: one campaign; give two or more of the same thing")
    found = changes.between(known)
    if math.isnan(found.variance):
        raise VcperfError("calibration: its campaigns have no cell in common; measure one again")
    return found


def compare_cells(
    first: Mapping[Key, Cell],
    second: Mapping[Key, Cell],
    between: Between | None = None,
    margin_percent: float = LEAST_PERCENT,
) -> pd.DataFrame:
    """The cells of both, as rows of COLUMNS, in the order of the first.

    `doubtful` blocks, of both, are those that are not ok; they count as any other. `why` says for
    which reasons one of both cells is doubtful. A cell is

    - `changed` when its p (`vcperf.analysis.changes.change`) is significant after Benjamini and
      Hochberg's correction (J. R. Statist. Soc. B 57, 1995, 289: of the cells called changed, 5 %
      are false in expectation; when nothing changed, 5 % of comparisons call anything so) and the
      effect is not below the margin. `direction` is then `worse` or `better`;
    - `no change beyond the margin` when the whole 95 % interval lies within it;
    - `too few blocks to tell` else: either could be true.
    """
    both = [key for key in first if key in second]
    pairs = [(first[key].series, second[key].series) for key in both]
    rows, found = [], []
    correlations = changes.assumed_correlations(pairs)
    for key, pair, correlation in zip(both, pairs, correlations, strict=True):
        effect, p = changes.change(*pair, correlation, between)
        found.append(effect)
        one, other = first[key], second[key]
        row = dict(zip(CELL, key, strict=True)) | {"metric": one.metric}
        row |= {"mean_a": pair[0].values.mean(), "mean_b": pair[1].values.mean()}
        row |= {"unit": columns.of(one.metric).unit}
        row |= {"blocks_a": len(pair[0]), "blocks_b": len(pair[1])}
        row |= {"doubtful": one.doubtful + other.doubtful}
        row |= {"why": doubts.joined(filter(None, (one.why, other.why)))}
        row |= {"shared_blocks": len(one.measured & other.measured)}
        row |= {"effect_percent": effect.percent, "low_percent": effect.low}
        row |= {"high_percent": effect.high, "correlation": round(correlation, 3), "p": p}
        rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    if rows:
        table["adjusted_p"] = false_discovery_control(table["p"].fillna(1.0).to_numpy(float))
        table["verdict"] = [
            _verdict(p, effect, margin_percent)
            for p, effect in zip(table["adjusted_p"], found, strict=True)
        ]
        table["direction"] = [_direction(row) for row in table.to_dict("records")]
    return table


def _verdict(adjusted_p: float, effect: Effect, margin_percent: float) -> str:
    if adjusted_p <= ALPHA and abs(effect.percent) >= margin_percent:
        return CHANGED
    within = -margin_percent < effect.low and effect.high < margin_percent
    return SAME if within else FEW


def _direction(row: Mapping[object, object]) -> str:
    if row["verdict"] != CHANGED:
        return ""
    more = float(str(row["effect_percent"])) > 0
    return BETTER if more == (columns.of(str(row["metric"])).better == columns.MORE) else WORSE


def worst_percent(row: Mapping[Any, Any]) -> float:
    """The end of a row's interval that is worse, as a percentage that is negative when it is worse
    than A; NaN without an interval."""
    if columns.of(str(row["metric"])).better == columns.MORE:
        return float(row["low_percent"])
    return -float(row["high_percent"])


def by_effect(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `compare`: what changed first, then what cannot be told; in each the largest effect
    first."""
    rank = rows["verdict"].map({CHANGED: 0, FEW: 1, SAME: 2})
    size = -rows["effect_percent"].astype(float).abs()
    return rows.assign(_rank=rank, _size=size).sort_values(["_rank", "_size"])[list(rows.columns)]


def in_both(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The blocks of the cells that both have; arguments as of `compare`."""
    keys = [named(table).apply(tuple, axis=1) for table in (a, b)]
    return a[keys[0].isin(set(keys[1]))], b[keys[1].isin(set(keys[0]))]


def named(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of CELL, empty where a row has no value, or the usual one of its kind
    (`vcperf.kinds.named`)."""
    found = table.reindex(columns=CELL).astype(object)
    found = found.where(found.notna(), "")
    for card in _CARDS:
        own = [label for label in card.labels if label in CELL and label not in card.usual]
        of_kind = (found[own] != "").all(axis=1)
        for label in filter(CELL.__contains__, card.usual):
            as_usual = found[label].astype(str) == card.usual[label]
            found[label] = found[label].mask(of_kind & as_usual, "")
    return found


def words(cell: Sequence[object], columns: Sequence[str] = ()) -> str:
    """A cell in words.

    Args:
        cell: the values of CELL.
        columns: those of them that are said; by default, all that the cell has.
    """
    told = kinds.told(dict(zip(CELL, cell, strict=True)))
    return " ".join(str(told[name]) for name in columns or CELL if told[name] != "")


def cells(table: pd.DataFrame) -> dict[Key, Cell]:
    """The cells of a campaign, by the values of CELL. Raises VcperfError for a row of no kind."""
    found = {}
    for key, group in table.assign(**named(table)).groupby(CELL, sort=False):
        metric = _metric(dict(zip(CELL, key, strict=True)))
        known = doubts.in_order(group[group[metric].notna()])
        if len(known):
            series = Series(known[metric].to_numpy(float), known["block"].to_numpy(np.int64))
            doubtful = int((known["status"] != "ok").sum())
            why = doubts.why(known, series.values, TARGET)
            found[key] = Cell(metric, series, doubtful, _measured(known, metric), why)
    return found


def _measured(rows: pd.DataFrame, metric: str) -> frozenset[tuple[object, ...]]:
    known = rows.reindex(columns=["started", "host", metric])
    known = known[known["started"].notna() & known["host"].notna()]
    return frozenset(known.itertuples(index=False, name=None))


def _metric(cell: Mapping[str, object]) -> str:
    """The metric of a cell: that of the kind whose labels it has."""
    card = kinds.COMPARED[kind_of(cell)]
    assert card.metric_of is not None
    return card.metric_of(cell)


def kind_of(cell: Mapping[str, object]) -> str:
    """The kind whose labels a cell has; raises VcperfError when none has."""
    name = kinds.kind_of(cell)
    if name is None:
        known = " ".join(str(value) for value in cell.values() if value != "")
        raise VcperfError(f"{known}: not a cell of {', '.join(kinds.COMPARED)}")
    return name
