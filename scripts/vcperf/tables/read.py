"""Reads a table back as it was written: names stay text, whatever they look like, and counts
whole numbers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from vcperf.errors import VcperfError, quote
from vcperf.tables.columns import COLUMNS, TEXT, TRUTH, WHOLE


def read_table(path: str | Path) -> pd.DataFrame:
    """A table of results/tables/, an empty field missing and no other word.

    Args:
        path: the CSV file.

    Returns it with the types of `typed`. Guessed, a pinning `007` would be 7, `NA` missing,
    and a column of names that happens to be empty one of numbers.

    Raises VcperfError, naming the file, when it is no table or a value is not of its column's
    type; OSError when it cannot be opened.
    """
    names = [name for name, column in COLUMNS.items() if column.type == TEXT]
    try:
        return typed(
            pd.read_csv(
                path,
                dtype=dict.fromkeys(names, "str"),
                keep_default_na=False,
                na_values=[""],
                lineterminator="\n",  # a name may hold a carriage return
            )
        )
    except (ValueError, VcperfError) as fault:
        raise VcperfError(
            f"{path}: {fault}; delete it and run `make figures` there again"
        ) from None


def read_tables(paths: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Tables by their names, which are those of their files."""
    return {Path(path).stem: read_table(path) for path in paths}


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """A table with the types of the vocabulary (`vcperf.tables.columns`).

    Returns text as `str`; whole numbers as `int64`, or `Int64` where some are missing; numbers
    as `float64`; truths as `bool`, or `boolean` where some are missing. Columns that the
    vocabulary lacks stay as they are.

    Raises VcperfError naming the column and the first value that is not of its type.
    """
    known = [str(name) for name in table if name in COLUMNS]
    return table.assign(**{name: _cast(name, table[name]) for name in known})


def _cast(name: str, values: pd.Series) -> pd.Series:
    """The values of a column of the vocabulary with its type."""
    wanted = COLUMNS[name].type
    if wanted == TEXT:
        return values.astype("str")
    given = values.astype("object")
    given = given.where(given.notna() & (given != ""), None)
    if wanted == TRUTH:
        wrong, found = ~given.isin([True, False, None]), given
    else:
        found = pd.to_numeric(given, errors="coerce")
        wrong = given.notna() & found.isna()
        if wanted == WHOLE:
            wrong |= found.fillna(0) % 1 != 0
    if wrong.any():
        raise VcperfError(f"{name}: {quote(given[wrong].iloc[0])} is not {wanted}")
    gaps = bool(given.isna().any())
    if wanted == TRUTH:
        return found.astype("boolean") if gaps else found.astype("bool")
    if wanted == WHOLE:
        return found.astype("Int64") if gaps else found.astype("int64")
    return found.astype("float64")
