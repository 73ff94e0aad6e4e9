"""Snakemake script: the figure of native against virtual."""

import pandas as pd

from vcperf.figures import curves, overhead


def main(table: str, svg: str, png: str) -> None:
    """Draw the ratios in both formats."""
    curves.save(overhead.draw(pd.read_csv(table)), svg, png)


if __name__ == "__main__":
    main(snakemake.input.overhead, snakemake.output.svg, snakemake.output.png)
