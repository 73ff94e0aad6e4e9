"""Snakemake script: the figure of the claims."""

import pandas as pd

from vcperf.figures import claims, curves


def main(table: str, svg: str, png: str) -> None:
    """Draw the verdicts in both formats."""
    curves.save(claims.draw(pd.read_csv(table)), svg, png)


if __name__ == "__main__":
    main(snakemake.input.claims, snakemake.output.svg, snakemake.output.png)
