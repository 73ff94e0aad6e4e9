"""What differs between the pinnings of one campaign: each path and size under one pinning against
the same under another.

A campaign makes many such comparisons, and a reader looks at the largest. So intervals are those of
Benjamini and Yekutieli (J. Am. Statist. Assoc. 100, 2005, 71): of m comparisons, the k that are
called different have intervals of level 1 - 0.05 k / m, where k is the largest number of which all
intervals exclude 0. Of the intervals of these, 5 % miss in expectation, and of the calls 5 % are
false (it is Benjamini and Hochberg's rule). Successive blocks are taken to be correlated as all
cells together show (`vcperf.analysis.changes.assumed_correlations`): the few blocks of one cell do
not show it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from vcperf import kinds
from vcperf.analysis import changes, compare, doubts, effects, link
from vcperf.analysis.changes import Series
from vcperf.analysis.effects import Effect, Sample
from vcperf.analysis.intervals import LEVEL
from vcperf.analysis.stand_in import all_streams
from vcperf.analysis.verdicts import AT_LEAST, AT_MOST, RATE
from vcperf.kinds import stand_in
from vcperf.tables import columns

PATH = [name for name in compare.CELL if name not in ("pinning", "message_bytes")]
COLUMNS = [
    *PATH,
    *("first", "second", "message_bytes", "rank"),
    *("metric", "first_value", "second_value", "unit"),
    *("effect_percent", "low_percent", "high_percent", "bound", "verdict", "direction"),
    *("blocks_a", "blocks_b", "doubtful", "why", "platform", "shared_cpus"),
]
DIFFER, ALIKE = "differ", "not distinguishable"
LINK = "both meet the link"


@dataclass(frozen=True)
class Side:
    """The blocks of a cell under one pinning.

    Args:
        pinning: its name.
        blocks: their rows, in the order of measuring.
        series: their values, by round.
        sample: the same, with what represents them.
        why: the cell is doubtful (`vcperf.analysis.doubts.why`).
    """

    pinning: str
    blocks: pd.DataFrame
    series: Series
    sample: Sample
    why: str

    def any(self, column: str) -> bool:
        """Whether one of the blocks says `yes`."""
        return column in self.blocks and bool((self.blocks[column] == "yes").any())


@dataclass(frozen=True)
class Pair:
    """A cell under two pinnings.

    Args:
        row: the columns that are known without an interval.
        sides: the blocks under the first pinning, and under the second.
        bound: AT_LEAST or AT_MOST, where the effect is a bound; LINK where it says nothing.
    """

    row: Mapping[str, Any]
    sides: tuple[Side, Side]
    bound: str

    def between(self, correlation: float) -> Callable[[float], Effect]:
        """The second pinning in terms of the first: level -> effect with its interval.

        Args:
            correlation: that successive blocks are taken to have. Medians take none.
        """
        first, second = self.sides
        found = changes.difference(first.series, second.series, correlation)
        if found is None or first.sample.by_median or second.sample.by_median:
            return partial(effects.ratio, second.sample, first.sample)
        return found.effect

    def differs(self, effect: Effect) -> bool:
        """Whether the interval excludes 0, be the effect a bound."""
        above = effect.low > 0 and self.bound != AT_MOST
        return above or (effect.high < 0 and self.bound != AT_LEAST)


def tables(found: Mapping[str, pd.DataFrame], target_percent: float) -> dict[str, pd.DataFrame]:
    """The table of pinnings: see `differences`.

    Args:
        found: the first tables of kinds that can be compared, and bandwidth where the campaign has
            it. A campaign of iperf3 without netperf has its streams in netperf's columns.
        target_percent: see `differences`.
    """
    estimates = found.get("bandwidth")
    if stand_in.compared(found) == stand_in.REPLACING:
        found = {**found, stand_in.REPLACED: all_streams(found[stand_in.REPLACING])}
    known = [found[card.tables[0]] for card in kinds.COMPARED.values() if card.tables[0] in found]
    marked = [link.mark(table, estimates) if "link" in table else table for table in known]
    return {"pinnings": differences(pd.concat(marked, ignore_index=True), target_percent)}


def differences(blocks: pd.DataFrame, target_percent: float) -> pd.DataFrame:
    """Every cell under each two of its pinnings.

    Args:
        blocks: rows of the first tables of kinds that can be compared; of netperf, as
            `vcperf.analysis.link.mark` returns them.
        target_percent: see `vcperf.analysis.doubts.why`.

    Returns COLUMNS: of each path, what differs most first. The effect is that of the `second`
    pinning in terms of the `first`, with its interval (see the module); `bound` says `at least` or
    `at most` where one of both meets the link: the other end of the interval is empty. `verdict` is
    `differ` (with a `rank` among those of its path), `not distinguishable`, or `both meet the
    link`; `direction` says whether the second is `better` or `worse`. The values are means, or
    medians of doubtful cells (`vcperf.analysis.doubts`); `why` gives the reason.
    """
    pairs = list(_pairs(blocks, target_percent))
    comparable = [pair for pair in pairs if pair.bound != LINK]
    limited = [pair for pair in pairs if pair.bound == LINK]
    found = [*zip(comparable, adjusted(comparable), strict=True)]
    found += [
        (pair, (effect, False)) for pair, effect in zip(limited, single(limited), strict=True)
    ]
    rows = []
    for pair, (effect, differs) in found:
        verdict = LINK if pair.bound == LINK else DIFFER if differs else ALIKE
        row = {**pair.row, "effect_percent": effect.percent, "verdict": verdict}
        row |= {"bound": "" if pair.bound == LINK else pair.bound}
        row["low_percent"] = math.nan if pair.bound == AT_MOST else effect.low
        row["high_percent"] = math.nan if pair.bound == AT_LEAST else effect.high
        row["direction"] = _direction(row) if differs else ""
        rows.append(row)
    return _ranked(pd.DataFrame(rows, columns=COLUMNS))


def adjusted(pairs: Sequence[Pair]) -> list[tuple[Effect, bool]]:
    """The effect of each pair with its interval (see the module), and whether it differs."""
    effects_of = _effects(pairs)
    count, before = len(pairs), -1
    found: list[tuple[Effect, bool]] = []
    while count != before:  # it only falls: a smaller number makes wider intervals
        level = 1 - (1 - LEVEL) * max(count, 1) / max(len(pairs), 1)
        each = [effect(level) for effect in effects_of]
        found = [(one, pair.differs(one)) for pair, one in zip(pairs, each, strict=True)]
        before, count = count, sum(differs for _, differs in found)
    return found


def single(pairs: Sequence[Pair]) -> list[Effect]:
    """The effect of each pair with its own 95 % interval, whatever the others are."""
    return [effect(LEVEL) for effect in _effects(pairs)]


def _effects(pairs: Sequence[Pair]) -> list[Callable[[float], Effect]]:
    series = [(first.series, second.series) for first, second in (pair.sides for pair in pairs)]
    correlations = changes.assumed_correlations(series)
    return [pair.between(r) for pair, r in zip(pairs, correlations, strict=True)]


def _pairs(blocks: pd.DataFrame, target_percent: float) -> Iterator[Pair]:
    cells = blocks.assign(**compare.named(blocks))
    for key, rows in cells.groupby([*PATH, "message_bytes"], sort=False):
        labels = dict(zip([*PATH, "message_bytes"], key, strict=True))
        metric_of = kinds.COMPARED[compare.kind_of({**labels, "pinning": "any"})].metric_of
        assert metric_of is not None
        metric = metric_of(labels)
        known = rows[rows[metric].notna()]
        sides = [
            _side(str(pinning), doubts.in_order(group), metric, target_percent)
            for pinning, group in known.groupby("pinning", sort=False)
        ]
        for one, other in combinations(sides, 2):
            yield _pair(labels, metric, one, other)


def _side(pinning: str, blocks: pd.DataFrame, metric: str, target: float) -> Side:
    values = blocks[metric].to_numpy(float)
    why = doubts.why(blocks, values, target)
    series = Series(values, blocks["block"].to_numpy(np.int64))
    return Side(pinning, blocks, series, doubts.sample(values, why), why)


def _pair(labels: Mapping[str, Any], metric: str, one: Side, other: Side) -> Pair:
    sides = (one, other)
    row = {**labels, "first": one.pinning, "second": other.pinning, "metric": metric}
    row |= dict(
        zip(("first_value", "second_value"), (effects.middle(s.sample) for s in sides), strict=True)
    )
    row |= {"unit": columns.of(metric).unit}
    row |= {"blocks_a": len(one.blocks), "blocks_b": len(other.blocks)}
    row["doubtful"] = sum(int((side.blocks["status"] != "ok").sum()) for side in sides)
    row["why"] = doubts.joined(side.why for side in sides if side.why)
    row["platform"] = doubts.joined(p for side in sides for p in side.blocks["platform"])
    row["shared_cpus"] = "yes" if any(side.any("shared_cpus") for side in sides) else "no"
    met = [side.any("meets_link") for side in sides]
    return Pair(row, (one, other), _bound(met, str(row["unit"])))


def _bound(met: Sequence[bool], unit: str) -> str:
    if unit != RATE:
        return ""
    if all(met):
        return LINK
    return AT_LEAST if met[1] else AT_MOST if met[0] else ""


def _direction(row: Mapping[str, Any]) -> str:
    more = row["effect_percent"] > 0
    better = more == (columns.of(row["metric"]).better == columns.MORE)
    return compare.BETTER if better else compare.WORSE


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of each path, what differs most first, with its rank; the others below."""
    size = rows["effect_percent"].map(lambda percent: abs(logarithm(float(percent))))
    size = size.where(rows["verdict"] == DIFFER, -1.0)
    order = rows.groupby(PATH, sort=False).ngroup() if len(rows) else pd.Series(dtype=int)
    rows = rows.assign(_path=order, _size=size)
    rows = rows.sort_values(["_path", "_size"], ascending=[True, False], kind="stable")
    rank = rows.groupby("_path").cumcount() + 1
    rows["rank"] = rank.where(rows["verdict"] == DIFFER).astype("Int64")
    return rows[COLUMNS].reset_index(drop=True)


def logarithm(percent: float) -> float:
    """The logarithm of a ratio that is given as a difference in percent: half and twice are
    differences of one size. 0 for NaN.

    >>> round(logarithm(100) + logarithm(-50), 9)
    0.0
    """
    return math.log(max(1 + percent / 100, 1e-9)) if not math.isnan(percent) else 0.0
