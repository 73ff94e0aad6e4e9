"""Compares two finished campaigns, cell by cell.

python scripts/compare_campaigns.py A B [--out FOLDER]

A and B are results folders. Prints a table, and with --out writes changes.csv, changes.svg
and changes.png. Exit status: 0 no cell changed, 1 some did, 2 a mistake in the call.
"""

import argparse
import os
import sys

import pandas as pd

from vcperf.analysis import compare
from vcperf.errors import VcperfError
from vcperf.figures import changes, curves
from vcperf.tables import netperf
from vcperf.tables.read import read_table


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
                f"{options.a} and {options.b} have no cell in common: neither testbed, pinning,"
                " path, test and message size together; compare campaigns of one configuration"
            )
        if options.out:
            write(rows, options)
    except VcperfError as error:
        print(error, file=sys.stderr)
        return 2
    print(report(rows, only_a, only_b))
    return int((rows["verdict"] == compare.CHANGED).any())


def read(folder: str) -> pd.DataFrame:
    """The blocks of a finished campaign. Raises VcperfError."""
    path = os.path.join(folder, "tables", "netperf.csv")
    try:
        table = read_table(path)
    except FileNotFoundError:
        raise VcperfError(
            f"{path}: not there; give the results folder of a finished campaign"
        ) from None
    except (OSError, ValueError) as error:
        raise VcperfError(f"{path}: {error}") from None
    lacking = sorted(set(netperf.COLUMNS) - set(table.columns))
    if lacking:
        raise VcperfError(f"{path}: has no column {lacking[0]}; draw that campaign anew")
    return table


def report(rows: pd.DataFrame, only_a: list[str], only_b: list[str]) -> str:
    """The comparison as text: a line a cell, then sums, then what one campaign lacks."""
    lines = [f"{'cell':<58}{'A':>10}{'B':>10}{'effect':>9}{'p':>9}  verdict"]
    for row in rows.itertuples():
        cell = " ".join(str(getattr(row, column)) for column in compare.CELL)
        lines.append(
            f"{cell:<58}{row.mean_a:>10.5g}{row.mean_b:>10.5g}{row.effect_percent:>+7.1f} %"
            f"{row.adjusted_p:>9.2g}  {row.verdict}"
        )
    counts = rows["verdict"].value_counts()
    told = [f"{counts[v]} {v}" for v in (compare.CHANGED, compare.SAME, compare.FEW) if v in counts]
    lines += ["", f"{len(rows)} cells: " + ", ".join(told)]
    if compare.FEW in counts:
        lines.append("too few blocks: neither a change nor its absence can be told")
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
