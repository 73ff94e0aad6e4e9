"""Packs a finished campaign as an RO-Crate, a zip file with a description for other programs.

python -m vcperf crate [RESULTS] [--out FILE] [--license URL] [--author NAME]
"""

import argparse
from pathlib import Path

from vcperf.report import crate


def main(argv: list[str]) -> int:
    """Pack, and say where. Returns the exit status; raises VcperfError."""
    parser = argparse.ArgumentParser(prog="vcperf crate", description=__doc__.splitlines()[0])
    parser.add_argument(
        "results", metavar="RESULTS", nargs="?", default="results", help="a finished results folder"
    )
    parser.add_argument(
        "--out", metavar="FILE", help="the zip file to write; RESULTS/crate.zip by default"
    )
    parser.add_argument("--license", metavar="URL", help="of the data, as a URL")
    parser.add_argument("--author", metavar="NAME", help="a person or organization that measured")
    options = parser.parse_args(argv)
    out = Path(options.out or Path(options.results) / "crate.zip")
    count = crate.write(Path(options.results), out, options.license, options.author)
    print(f"{out}: {count} records, with their tables, figures and provenance")
    return 0
