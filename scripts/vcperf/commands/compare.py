"""Compares two finished campaigns, cell by cell.

python -m vcperf compare A B [--out FOLDER] [--margin PERCENT] [--calibration FOLDER FOLDER...]
                             [--testbeds NAME NAME]

A and B are results folders, of which the cells of netperf and ping-pong are compared. With
--testbeds those of one testbed of A with those of another testbed of B, which may be one folder.
Prints
a table, and with --out writes changes.csv, changes.svg and changes.png. Exit status: 0 no cell
changed by more than the margin, 1 some did, 2 a mistake in the call or a folder that cannot be
read, 3 none is known to have changed but some have too few blocks to tell.
"""

import argparse
import os
import sys

from vcperf.commands import comparison
from vcperf.commands.comparison import Comparison
from vcperf.errors import VcperfError
from vcperf.figures import changes, style
from vcperf.tables.write import write_table


def main(argv: list[str]) -> int:
    """Compare, print, write. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="vcperf compare", description=__doc__.splitlines()[0])
    parser.add_argument("a", metavar="A", help="results folder of the earlier campaign")
    parser.add_argument("b", metavar="B", help="results folder of the later one")
    parser.add_argument("--out", metavar="FOLDER", help="where to write table and figure")
    parser.add_argument(
        "--testbeds",
        nargs=2,
        metavar="NAME",
        help="compare cells of this testbed in A with cells of that one in B",
    )
    comparison.add_options(parser)
    options = parser.parse_args(argv)
    try:
        found = comparison.compared(
            options.a, options.b, options.calibration, options.margin, options.testbeds
        )
        print(comparison.report(found))
        if options.out:
            print("written: " + ", ".join(write(found, options)))
    except VcperfError as error:
        print(error, file=sys.stderr)
        return 2
    return found.status


def write(found: Comparison, options: argparse.Namespace) -> list[str]:
    """Write table and figure into the folder asked for; returns their paths. Raises VcperfError."""
    paths = [os.path.join(options.out, f"changes.{ending}") for ending in ("csv", "svg", "png")]
    differ = list(dict.fromkeys(difference.name for difference in found.differ))
    try:
        os.makedirs(options.out, exist_ok=True)
        write_table(found.rows, paths[0])
        style.save(changes.draw(found.rows, options.a, options.b, differ), paths[1:])
    except OSError as error:
        raise VcperfError(f"{options.out}: {error.strerror}; give a folder to write to") from None
    return paths
