"""Why the blocks of a cell are no repetitions of one thing: one rule for all tables and figures.

A cell is doubtful when `why` says anything of it. Then

- summaries label it `unstable`, with the reason;
- from FEWEST_FOR_MEDIAN blocks on, figures, claims and overheads use its median, with the
  interval between two order statistics; below, its mean;
- figures draw it hollow; tables of comparisons have the reason;
- a verdict on a claim is open when a cell's blocks are of several hosts, kernels or tools, or
  when all of them were disturbed (`vcperf.analysis.verdicts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vcperf.analysis import intervals
from vcperf.analysis.effects import Sample

FEWEST_FOR_MEDIAN = 6  # below, no two order statistics enclose it surely enough
DISTURBED = "disturbed"
# Column of a block -> what a summary calls its values, and a cell that has several.
ORIGINS = {"host": "hosts", "kernel": "kernels", "tools": "tools"}
Metric = Callable[[Mapping[str, Any]], str] | None
SEVERAL = "several "  # begins the reason of a cell whose blocks are of several origins


def why(blocks: pd.DataFrame, values: Sequence[float] | NDArray[np.float64], target: float) -> str:
    """Why a cell is doubtful: `several hosts` (or kernels, or tools), `disturbed`, `two modes`
    or `trend`; the first that holds, or empty.

    Args:
        blocks: rows of one cell; columns that they lack say nothing.
        values: of the metric that the cell is about, in the order of measuring.
        target: differences below this percentage of the mean do not count.
    """
    for column, several in ORIGINS.items():
        if column in blocks and blocks[column].dropna().nunique() > 1:
            return SEVERAL + several
    if "status" in blocks and (blocks["status"] != "ok").any():
        return DISTURBED
    known = np.asarray(values, dtype=float)
    return intervals.doubt(known[~np.isnan(known)], target)


def by_median(reason: str, count: int) -> bool:
    """Whether so many blocks of a cell are represented by their median.

    >>> by_median("disturbed", 6), by_median("disturbed", 5), by_median("", 6)
    (True, False, False)
    """
    return bool(reason) and count >= FEWEST_FOR_MEDIAN


def sample(values: NDArray[np.float64], reason: str) -> Sample:
    """The blocks of a cell as effects take them.

    Args:
        values: one value per block, in the order of measuring.
        reason: what `why` says of the cell.
    """
    known = values[~np.isnan(values)]
    return Sample(known, by_median(reason, len(known)))


def mark(table: pd.DataFrame, cell: Sequence[str], metric_of: Metric, target: float) -> pd.Series:
    """`why` of the cell of each row.

    Args:
        table: rows of blocks.
        cell: the columns that name a cell.
        metric_of: a cell's labels -> the column that it is about; None where several are of equal
            rank, whose modes and trends are not looked for.
        target: see `why`.
    """
    reasons = pd.Series("", index=table.index, dtype="object")
    for labels, blocks in table.groupby(list(cell), sort=False, dropna=False):
        ordered = in_order(blocks)
        metric = metric_of(dict(zip(cell, labels, strict=True))) if metric_of else None
        values = ordered[metric].to_numpy(float) if metric else np.empty(0)
        reasons[blocks.index] = why(ordered, values, target)
    return reasons


def in_order(blocks: pd.DataFrame) -> pd.DataFrame:
    """Blocks in the order in which they were measured.

    A block's number does not tell: one that failed and was measured later stands where it
    was measured. `started` does, which is of one form, in UTC.
    """
    known = [column for column in ("started", "block") if column in blocks]
    return blocks.sort_values(known, kind="stable")


def origins(blocks: pd.DataFrame) -> dict[str, str]:
    """`hosts`, `kernels` and `tools` of a cell: the different values, separated by `; `."""
    return {name: joined(blocks.get(column, ())) for column, name in ORIGINS.items()}


def joined(values: Iterable[object]) -> str:
    """The different texts among some values, sorted and separated by `; `.

    >>> joined(["b", "a", "b", None])
    'a; b'
    """
    return "; ".join(sorted({str(value) for value in values if isinstance(value, str)}))
