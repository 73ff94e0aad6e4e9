"""Writes a table of results/tables/: whole or not at all, with the types of the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from vcperf.basics.files import write_whole
from vcperf.errors import VcperfError
from vcperf.tables import columns
from vcperf.tables.read import typed


ROWS = 5000  # of a part


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV with a header; a missing value is an empty field.

    Args:
        table: columns of the vocabulary (`vcperf.tables.columns`). Whole numbers are written
            without a decimal point, also where some are missing; other numbers as they are.
        path: the file; its folder is made when it is missing.

    Raises VcperfError, naming the file, when a column is not in the vocabulary, a value is not
    of its column's type, or the disk refuses.
    """
    write_parts([table], path)


def write_parts(parts: Iterable[pd.DataFrame], path: str | Path) -> None:
    """Write a table of which some rows come after the others, as `write_table`.

    Args:
        parts: one at least, all of the same columns.
        path: as of `write_table`.
    """
    with write_whole(str(path)) as handle:
        for number, part in enumerate(parts):
            _ready(part, path).to_csv(handle, index=False, header=number == 0)


def _ready(table: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """A table whose whole numbers are written as such."""
    try:
        types = {name: columns.of(str(name)).type for name in table}
        known = typed(table)
    except VcperfError as fault:
        raise VcperfError(f"{path}: {fault}") from None
    whole = [name for name, type in types.items() if type == columns.WHOLE]
    return table.assign(**known[whole])
