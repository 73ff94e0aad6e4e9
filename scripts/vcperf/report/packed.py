"""Tables and flame graphs as texts that the page unpacks when a reader opens them."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vcperf.tables.columns import COLUMNS
from vcperf.tables.meanings import MEANINGS, SUMMARIES

MOST_ROWS = 20_000  # of a table; a browser sorts and filters so many at once
MOST_BYTES = 1_000_000  # of a packed table
DIGITS = 6  # of numbers; the CSV file has all


@dataclass(frozen=True)
class PackedTable:
    """A table of the page.

    Args:
        name: of its file, without ending.
        rows: how many it has.
        shown: how many of them, from the first on, the page has.
        same: column -> the value that all rows have; these are no columns of the page.
        empty: columns without any value; nor are these.
        columns: the others, with their units and meanings.
        data: their values, packed: see `pack`.
    """

    name: str
    rows: int
    shown: int
    same: dict[str, str]
    empty: tuple[str, ...]
    columns: tuple[tuple[str, str, str], ...]
    data: str


def pack(text: str) -> str:
    """A text, compressed with gzip, in base64."""
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


def packed_table(name: str, table: pd.DataFrame) -> PackedTable:
    """A table without what every row repeats, cut where it is too large for a page."""
    empty = tuple(str(column) for column in table if not table[column].notna().any())
    same = {}
    if len(table) > 1:
        for column in table:
            if table[column].notna().all() and table[column].nunique() == 1:
                same[str(column)] = str(_plain(table[column].iloc[0]))
    known = [str(c) for c in table if str(c) not in empty and str(c) not in same]
    shown, data = _as_many_as_fit(table[known])
    columns = [
        (column, COLUMNS[column].unit if column in COLUMNS else "", meaning(column))
        for column in known
    ]
    return PackedTable(name, len(table), shown, same, empty, tuple(columns), data)


def _as_many_as_fit(table: pd.DataFrame) -> tuple[int, str]:
    shown = min(len(table), MOST_ROWS)
    while True:
        columns = [[_plain(value) for value in table[c].head(shown)] for c in table]
        data = pack(json.dumps(columns, separators=(",", ":"), allow_nan=False))
        if len(data) <= MOST_BYTES or shown <= 1:
            return shown, data
        shown = max(1, int(shown * MOST_BYTES / len(data) * 0.9))


def _plain(value: Any) -> Any:
    """A value as JSON has it, numbers with DIGITS digits; empty for what is missing."""
    if isinstance(value, bool) or value is pd.NA or value is None:
        return str(value) if isinstance(value, bool) else ""
    if isinstance(value, str):
        return value
    number = float(value)
    if not math.isfinite(number):
        return "" if math.isnan(number) else str(number)
    return int(number) if number.is_integer() else float(f"{number:.{DIGITS}g}")


def meaning(column: str) -> str:
    """What a column means, in words; empty for one that the vocabulary lacks."""
    return MEANINGS.get(column) or SUMMARIES.get(column, "")


def within(sizes: Iterable[tuple[str, int]], most: int) -> list[str]:
    """The names, from the first on, whose sizes add up to no more than `most`.

    >>> within([("a", 3), ("b", 9), ("c", 2)], 6)
    ['a', 'c']
    """
    found, total = [], 0
    for name, size in sizes:
        if total + size <= most:
            found.append(name)
            total += size
    return found
