"""Compares two finished campaigns, cell by cell.

python scripts/compare_campaigns.py A B [--out FOLDER]

A and B are results folders, of which the cells of netperf and ping-pong are compared. Prints
a table, and with --out writes changes.csv, changes.svg and changes.png. Exit status: 0 no cell
changed, 1 some did, 2 a mistake in the call or a folder that cannot be read.
"""

import argparse
import os
import sys

import pandas as pd

from vcperf.analysis import compare, summary
from vcperf.errors import VcperfError
from vcperf.figures import changes, curves
from vcperf.tables import netperf, pingpong
from vcperf.tables.read import read_table

COLUMNS = {"netperf": netperf.COLUMNS, "pingpong": pingpong.COLUMNS}
NUMBERS = ("message_bytes", *summary.METRICS, "latency_us")


def main(argv: list[str]) -> int:
    """Compare, print, write. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("a", metavar="A", help="results folder of the earlier campaign")
    parser.add_argument("b", metavar="B", help="results folder of the later one")
    parser.add_argument("--out", metavar="FOLDER", help="where to write table and figure")
    options = parser.parse_args(argv)
    try:
        rows, only_a, only_b = compare.compare(read(options.a), read(options.b))
        if not len(rows):
            raise VcperfError(
                f"{options.a} and {options.b} have no cell in common: no testbed, pinning, path,"
                " message size, and test or MPI stack; compare campaigns of one configuration"
            )
        if options.out:
            write(rows, options)
    except VcperfError as error:
        print(error, file=sys.stderr)
        return 2
    print(report(rows, only_a, only_b))
    return int((rows["verdict"] == compare.CHANGED).any())


def read(folder: str) -> pd.DataFrame:
    """The blocks of a finished campaign, of netperf and ping-pong. Raises VcperfError."""
    tables = [_read(os.path.join(folder, "tables", f"{n}.csv"), COLUMNS[n]) for n in COLUMNS]
    found = [table for table in tables if table is not None]
    if not found:
        raise VcperfError(
            f"{os.path.join(folder, 'tables')}: netperf.csv and pingpong.csv are not there; give"
            " the results folder of a finished campaign that has one of them"
        )
    return pd.concat(found, ignore_index=True)


def _read(path: str, columns: tuple[str, ...]) -> pd.DataFrame | None:
    """One table with its numbers as such; None when there is none. Raises VcperfError."""
    if not os.path.exists(path):
        return None
    try:
        table = read_table(path)
    except (OSError, ValueError) as error:
        fault = " ".join(str(error).split())
        raise VcperfError(f"{path}: {fault}; draw that campaign anew") from None
    lacking = sorted(set(columns) - set(table.columns))
    if lacking:
        raise VcperfError(f"{path}: has no column {lacking[0]}; draw that campaign anew")
    for column in filter(table.__contains__, NUMBERS):
        numbers = pd.to_numeric(table[column], errors="coerce")
        damaged = table[column][numbers.isna() & table[column].notna()]
        if len(damaged):
            raise VcperfError(
                f"{path}: {column}: {damaged.iloc[0]!r} is no number; draw that campaign anew"
            )
        table[column] = numbers
    return table


def report(rows: pd.DataFrame, only_a: list[str], only_b: list[str]) -> str:
    """The comparison as text: a line a cell, then sums, then what one campaign lacks."""
    lines = [f"{'cell':<58}{'A':>10}{'B':>10}{'effect':>9}{'p':>9}  verdict"]
    for row in rows.itertuples():
        cell = compare.words([getattr(row, column) for column in compare.CELL])
        doubt = f", {row.doubtful} disturbed" if row.doubtful else ""
        lines.append(
            f"{cell:<58}{row.mean_a:>10.5g}{row.mean_b:>10.5g}{row.effect_percent:>+7.1f} %"
            f"{row.adjusted_p:>9.2g}  {row.verdict}{doubt}"
        )
    counts = rows["verdict"].value_counts()
    told = [f"{counts[v]} {v}" for v in (compare.CHANGED, compare.SAME, compare.FEW) if v in counts]
    lines += ["", f"{len(rows)} cells: " + ", ".join(told)]
    if compare.FEW in counts:
        lines.append("too few blocks: neither a change nor its absence can be told")
    if rows["doubtful"].any():
        lines.append("disturbed blocks, of A and B together, count as any other")
    lines += [f"only in A: {cell}" for cell in only_a] + [f"only in B: {cell}" for cell in only_b]
    return "\n".join(lines)


def write(rows: pd.DataFrame, options: argparse.Namespace) -> None:
    """Table and figure, in the folder asked for. Raises VcperfError."""
    try:
        os.makedirs(options.out, exist_ok=True)
        rows.to_csv(os.path.join(options.out, "changes.csv"), index=False)
        drawing = changes.draw(rows, options.a, options.b)
        curves.save(drawing, *(os.path.join(options.out, f"changes.{x}") for x in ("svg", "png")))
    except OSError as error:
        raise VcperfError(f"{options.out}: {error.strerror}; give a folder to write to") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
