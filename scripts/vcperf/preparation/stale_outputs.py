"""Tables and figures of an earlier campaign in the same folder are removed; its records stay."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection
from pathlib import Path

from vcperf.basics.results import on_disk
from vcperf.tables.columns import COLUMNS

TABLES, PLOTS, FIGURES = "results/tables", "results/plots", "results/figures"
DRAWN = ("png", "folded")  # one of these stands beside the SVG of each figure
MOST = 4  # names that are said


def remove(tables: Collection[str], figures: Collection[str]) -> str:
    """Remove the tables and figures that a campaign does not make.

    Args:
        tables, figures: the names of those that it makes. A file that no campaign can have made
            stays: a CSV file with other columns, a picture in one format.

    Returns what was removed, as a line; empty when nothing was.
    """
    removed: set[str] = set()
    for path in _files(TABLES, "csv"):
        if path.stem not in tables and _is_ours(path):
            _unlink(path, path.with_suffix(".parquet"))
            removed.add(path.stem)
    for path in _files(PLOTS, "svg"):
        others = [path.with_suffix(f".{ending}") for ending in DRAWN]
        if path.stem not in figures and any(other.exists() for other in others):
            gathered = Path(on_disk(FIGURES), path.name)
            _unlink(path, gathered, *others, *(gathered.with_suffix(o.suffix) for o in others))
            removed.add(path.stem)
    names = sorted(removed)
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return (
        f"removed tables and figures of an earlier campaign ({', '.join(names[:MOST])}{more});"
        " its records stay"
        if names
        else ""
    )


def _files(folder: str, ending: str) -> list[Path]:
    return sorted(Path(on_disk(folder)).glob(f"*.{ending}"))


def _is_ours(path: Path) -> bool:
    """Whether a table has only columns of ours."""
    try:
        with open(path, encoding="utf-8", newline="") as handle:
            header = next(csv.reader(handle), [])
    except (OSError, UnicodeDecodeError):
        return False
    return bool(header) and set(header) <= set(COLUMNS)


def _unlink(*paths: Path) -> None:
    for path in paths:
        if path.is_file():
            os.unlink(path)
