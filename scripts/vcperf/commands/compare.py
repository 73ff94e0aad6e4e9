"""Compares two finished campaigns, cell by cell.

python -m vcperf compare A B [--out FOLDER]

A and B are results folders, of which the cells of netperf and ping-pong are compared. Prints
a table, and with --out writes changes.csv, changes.svg and changes.png. Exit status: 0 no cell
changed, 1 some did, 2 a mistake in the call or a folder that cannot be read.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Iterable, Sequence

import pandas as pd

from vcperf import kinds
from vcperf.analysis import compare, settings
from vcperf.errors import VcperfError
from vcperf.figures import changes, style
from vcperf.tables.read import read_table
from vcperf.tables.write import write_table

# The first table of each kind that is compared -> its columns.
COLUMNS = {
    card.tables[0]: importlib.import_module(f"vcperf.tables.{card.tables[0]}").COLUMNS
    for card in kinds.COMPARED.values()
}
LATER = {"settings", "shared_cores", "numa_crossed"}  # tables of before they were added lack them


def main(argv: list[str]) -> int:
    """Compare, print, write. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="vcperf compare", description=__doc__.splitlines()[0])
    parser.add_argument("a", metavar="A", help="results folder of the earlier campaign")
    parser.add_argument("b", metavar="B", help="results folder of the later one")
    parser.add_argument("--out", metavar="FOLDER", help="where to write table and figure")
    options = parser.parse_args(argv)
    try:
        a, b = read(options.a), read(options.b)
        rows, only_a, only_b = compare.compare(a, b)
        if not len(rows):
            raise VcperfError(
                f"{options.a} and {options.b} have no cell in common: no testbed, pinning, path,"
                " message size, and test or MPI stack; compare campaigns of one configuration"
            )
        differ = settings.between(*compare.in_both(a, b), folders=(options.a, options.b))
        if options.out:
            write(rows, options, [d.name for d in differ])
    except VcperfError as error:
        print(error, file=sys.stderr)
        return 2
    print(report(rows, only_a, only_b, differ))
    return int((rows["verdict"] == compare.CHANGED).any())


def read(folder: str) -> pd.DataFrame:
    """The blocks of a finished campaign, of netperf and ping-pong. Raises VcperfError."""
    tables = [_read(os.path.join(folder, "tables", f"{n}.csv"), COLUMNS[n]) for n in COLUMNS]
    found = [table for table in tables if table is not None]
    if not found:
        raise VcperfError(
            f"{os.path.join(folder, 'tables')}: no {' or '.join(f'{name}.csv' for name in COLUMNS)}"
            " there; give the results folder of a finished campaign that has one of them"
        )
    return pd.concat(found, ignore_index=True)


def _read(path: str, columns: tuple[str, ...]) -> pd.DataFrame | None:
    """One table; None when there is none. Raises VcperfError."""
    if not os.path.exists(path):
        return None
    try:
        table = read_table(path)
    except OSError as error:
        raise VcperfError(f"{path}: {error.strerror}; run `make figures` there again") from None
    lacking = sorted(set(columns) - set(table.columns) - LATER)
    if lacking:
        raise VcperfError(f"{path}: has no column {lacking[0]}; run `make figures` there again")
    return table


def report(
    rows: pd.DataFrame,
    only_a: list[str],
    only_b: list[str],
    differ: Iterable[settings.Difference],
) -> str:
    """The comparison as text: one line per cell, then sums, what one campaign lacks, and the
    settings of hosts that differ."""
    lines = [f"{'cell':<58}{'A':>10}{'B':>10}{'effect':>9}{'p':>9}  verdict"]
    for row in rows.to_dict("records"):
        cell = compare.words([row[column] for column in compare.CELL])
        doubt = f", {row['doubtful']} disturbed" if row["doubtful"] else ""
        lines.append(
            f"{cell:<58}{row['mean_a']:>10.5g}{row['mean_b']:>10.5g}"
            f"{row['effect_percent']:>+7.1f} %{row['adjusted_p']:>9.2g}  {row['verdict']}{doubt}"
        )
    counts = rows["verdict"].value_counts()
    told = [f"{counts[v]} {v}" for v in (compare.CHANGED, compare.SAME, compare.FEW) if v in counts]
    lines += ["", f"{len(rows)} cells: " + ", ".join(told)]
    if compare.FEW in counts:
        lines.append("too few blocks: neither a change nor its absence can be told")
    if rows["doubtful"].any():
        lines.append("disturbed blocks, of A and B together, count as any other")
    lines += [f"only in A: {cell}" for cell in only_a] + [f"only in B: {cell}" for cell in only_b]
    lines += [f"settings differ: {difference}" for difference in differ]
    return "\n".join(lines)


def write(rows: pd.DataFrame, options: argparse.Namespace, differ: Sequence[str]) -> None:
    """Table and figure, in the folder asked for. Raises VcperfError.

    Args:
        rows: of `vcperf.analysis.compare.compare`.
        options: of the command line.
        differ: the names of settings that differ.
    """
    try:
        os.makedirs(options.out, exist_ok=True)
        write_table(rows, os.path.join(options.out, "changes.csv"))
        drawing = changes.draw(rows, options.a, options.b, list(dict.fromkeys(differ)))
        style.save(drawing, (os.path.join(options.out, f"changes.{x}") for x in ("svg", "png")))
    except OSError as error:
        raise VcperfError(f"{options.out}: {error.strerror}; give a folder to write to") from None
