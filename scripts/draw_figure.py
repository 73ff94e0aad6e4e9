"""Snakemake script: one figure of config/figures.yaml."""

import pandas as pd

from vcperf.figures import curves


def main(summary: str, bandwidth: str | None, figure: dict, svg: str, png: str) -> None:
    """Draw the figure in both formats."""
    estimates = pd.read_csv(bandwidth) if bandwidth else None
    curves.save(curves.draw(pd.read_csv(summary), figure, estimates), svg, png)


if __name__ == "__main__":
    main(
        snakemake.input.summary,
        snakemake.input.get("bandwidth"),
        snakemake.params.figure,
        snakemake.output.svg,
        snakemake.output.png,
    )
