"""Writes the report of a finished results folder: one HTML page that opens without a network.

python -m vcperf report [--out FILE] [FOLDER]

`make figures` writes it too, as results/report.html. Prints what was found and where the report is.
"""

import argparse
import os

from vcperf.report import page


def main(argv: list[str]) -> int:
    """Write the report. Returns the exit status; raises VcperfError."""
    parser = argparse.ArgumentParser(prog="vcperf report", description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", default="results", metavar="FOLDER", help="results folder (results)"
    )
    parser.add_argument("--out", metavar="FILE", help="the page (FOLDER/report.html)")
    options = parser.parse_args(argv)
    path = options.out or os.path.join(options.folder, "report.html")
    found = page.write(options.folder, path)
    for lines in (found.measured, found.verdicts, found.differences, found.doubts):
        for line in lines[:1]:
            print(line)
    print(f"the report is {path}")
    return 0
