"""Snakemake script: one figure of config/figures.yaml."""

import pandas as pd

from vcperf.figures import curves


def main(summary: str, figure: dict, svg: str, png: str) -> None:
    """Draw the figure in both formats."""
    curves.save(curves.draw(pd.read_csv(summary), figure), svg, png)


if __name__ == "__main__":
    main(
        snakemake.input.summary,
        snakemake.params.figure,
        snakemake.output.svg,
        snakemake.output.png,
    )
