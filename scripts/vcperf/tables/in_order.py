"""Rows in the order of some of their columns, however many there are: SQLite sorts them, and puts
on disk what does not fit into its part of memory."""

from __future__ import annotations

import contextlib
import itertools
import pickle
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from vcperf.errors import VcperfError

_MEMORY_KB = 16_000  # what SQLite holds
Row = dict[str, Any]


def in_order(rows: Iterable[Row], order: Sequence[str], most: int) -> Iterator[list[Row]]:
    """Rows, sorted.

    Args:
        rows: each a dict of the same columns, of plain types.
        order: the columns that decide, the first one first. A missing value comes before others,
            numbers before text, and rows that are equal in all of them stay as they were.
        most: rows of a part, at most.

    Returns them in parts.

    Raises VcperfError when the temporary folder is full.
    """
    # A database without a name is a file without a name, once it grows.
    with contextlib.closing(sqlite3.connect("")) as database:
        try:
            yield from _sorted(database, rows, order, most)
        except sqlite3.Error as fault:
            raise VcperfError(
                f"the rows of a table cannot be sorted: {fault}; free space in the temporary folder"
                " (TMPDIR), and run again"
            ) from None


def _sorted(
    database: sqlite3.Connection, rows: Iterable[Row], order: Sequence[str], most: int
) -> Iterator[list[Row]]:
    keys = ", ".join(f"key{number}" for number in range(len(order)))
    database.execute(f"PRAGMA cache_size = -{_MEMORY_KB}")
    database.execute("PRAGMA journal_mode = OFF")
    database.execute(f"CREATE TABLE rows ({keys}, row)")
    holders = ", ".join("?" * (len(order) + 1))
    database.executemany(
        f"INSERT INTO rows VALUES ({holders})",  # noqa: S608 - of our own parts
        ((*map(row.get, order), pickle.dumps(row, pickle.HIGHEST_PROTOCOL)) for row in rows),
    )
    found = database.execute(f"SELECT row FROM rows ORDER BY {keys}, rowid")  # noqa: S608
    parts = iter(lambda: list(itertools.islice(found, most)), [])
    for part in parts:
        yield [pickle.loads(row) for (row,) in part]  # noqa: S301 - our own
