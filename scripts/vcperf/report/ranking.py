"""What differs most between pinnings, path by path, as rows with a bar for each interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vcperf.analysis import pinnings
from vcperf.report import words
from vcperf.report.comparisons import baselines, path

MOST = 5  # differences of a path that are shown at once; the table has all
WIDEST = math.log(20)  # a bar ends at a twentieth and at twenty times


@dataclass(frozen=True)
class Rank:
    """One difference.

    Args:
        rank: among those of its path.
        pair: the two pinnings, in words.
        size: of the message.
        effect, interval: in words.
        direction: better or worse.
        low, at, high: of the bar, in percent of its width; 50 is no difference.
        why: why one of both cells is doubtful; empty when none is.
    """

    rank: int
    pair: str
    size: str
    effect: str
    interval: str
    direction: str
    low: float
    at: float
    high: float
    why: str


@dataclass(frozen=True)
class PathRanking:
    """The differences of one path.

    Args:
        path: it, in words.
        testbed: on which it was measured.
        largest: its largest difference, as the logarithm of a ratio; 0 when there is none.
        metric: what is compared.
        ranks: the largest, MOST at most.
        more: how many others differ.
        alike: the comparisons that are not distinguishable, in words.
        limited: how many are limited by the link under both pinnings.
        comparisons: how many there are.
    """

    path: str
    testbed: str
    largest: float
    metric: str
    ranks: tuple[Rank, ...]
    more: int
    alike: tuple[str, ...]
    limited: int
    comparisons: int


def rankings(tables: Mapping[str, pd.DataFrame]) -> list[PathRanking]:
    """The ranking of each path, of the table pinnings: the path of the largest difference first,
    those of a baseline last. None without that table."""
    rows = tables.get("pinnings")
    found = [] if rows is None or not len(rows) else list(_rankings(rows))
    last = baselines(tables)
    return sorted(found, key=lambda path: (path.testbed in last, -path.largest))


def _rankings(rows: pd.DataFrame) -> Iterator[PathRanking]:
    differ = rows[rows["verdict"] == pinnings.DIFFER]
    widest = max((abs(pinnings.logarithm(e)) for e in differ["effect_percent"]), default=0.0)
    scale = min(WIDEST, max(1.3 * widest, math.log(1.2)))
    for _, of_path in rows.groupby(pinnings.PATH, sort=False, dropna=False):
        found = of_path[of_path["verdict"] == pinnings.DIFFER]
        first = of_path.iloc[0]
        alike = of_path[of_path["verdict"] == pinnings.ALIKE]
        yield PathRanking(
            path=path(first),
            testbed=str(first["testbed"]),
            largest=max((abs(pinnings.logarithm(e)) for e in found["effect_percent"]), default=0.0),
            metric=str(first["metric"]),
            ranks=tuple(_rank(row, scale) for row in found.head(MOST).to_dict("records")),
            more=max(0, len(found) - MOST),
            alike=tuple(_alike(alike)),
            limited=int((of_path["verdict"] == pinnings.LINK).sum()),
            comparisons=len(of_path),
        )


def _alike(rows: pd.DataFrame) -> Iterator[str]:
    for (first, second), of_pair in rows.groupby(["first", "second"], sort=False):
        sizes = words.several(sorted(of_pair["message_bytes"]), most=12)
        yield f"{second} against {first}: {sizes} bytes"


def _rank(row: Mapping[Any, Any], scale: float) -> Rank:
    bound = f"{row['bound']} " if words.has(row["bound"]) else ""
    low, high = float(row["low_percent"]), float(row["high_percent"])
    return Rank(
        rank=int(row["rank"]),
        pair=f"{row['second']} against {row['first']}",
        size=words.size(row["message_bytes"]),
        effect=f"{bound}{words.percent(row['effect_percent'])}",
        interval=words.interval(low, high),
        direction=str(row["direction"]),
        low=_place(-100.0 if math.isnan(low) else low, scale),
        at=_place(float(row["effect_percent"]), scale),
        high=_place(math.inf if math.isnan(high) else high, scale),
        why=str(row["why"]) if words.has(row["why"]) else "",
    )


def _place(percent: float, scale: float) -> float:
    """Where a difference is on a bar, in percent of its width; half is as far as twice."""
    return round(50 + 50 * min(1.0, max(-1.0, pinnings.logarithm(percent) / scale)), 2)
