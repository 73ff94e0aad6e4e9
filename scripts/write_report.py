"""Snakemake script: the report of a campaign."""

from vcperf.running import worker

worker.take_over(globals())  # what follows takes a second to load

import os

from vcperf.errors import told_in_one_line
from vcperf.report import page


def main(output: str) -> None:
    """Write the report of the results folder in which it is to be."""
    page.write(os.path.dirname(output), output)


if __name__ == "__main__":
    with told_in_one_line():
        main(snakemake.output.report)
