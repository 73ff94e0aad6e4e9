"""Reads a table back as it was written: names stay text, whatever they look like, and sizes
whole numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

# Columns that hold text in any table. Guessed, a pinning `007` would be 7, `NA` missing, and
# a column that happens to be empty one of numbers.
TEXT = (
    "testbed kind pinning path sender receiver test method stack program load benchmark workload"
    " point class phase node domain app image symbol compared first second within by unit"
    " stopping shared_cpus record started status throttled host kernel platform transport"
    " verified profiler event_asked event counted_by metric label why baseline"
    " baseline_platform claim states verdict says part_verdict expect cells missing source"
).split()


def read_table(path: str | Path) -> pd.DataFrame:
    """A table of results/tables/, an empty field missing and no other word.

    Args:
        path: the CSV file.

    Returns it with the columns of TEXT as text, and the others as pandas finds them: numbers.
    Raises what `pandas.read_csv` raises.
    """
    return pd.read_csv(
        path, dtype=dict.fromkeys(TEXT, "str"), keep_default_na=False, na_values=[""]
    )


def whole_sizes(table: pd.DataFrame) -> pd.DataFrame:
    """A table to be written, with its message sizes as whole numbers: where some rows have none,
    pandas would write 16384.0, which is no other table's 16384."""
    if "message_bytes" not in table:
        return table
    sizes = pd.to_numeric(table["message_bytes"]).astype("Int64")
    return table.assign(message_bytes=sizes if sizes.isna().any() else sizes.astype("int64"))
