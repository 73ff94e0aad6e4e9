"""Snakemake script: one figure of config/figures.yaml."""

from vcperf.figures import curves
from vcperf.tables.read import read_table


def main(summary: str, bandwidth: str | None, figure: dict, svg: str, png: str) -> None:
    """Draw the figure in both formats."""
    estimates = read_table(bandwidth) if bandwidth else None
    curves.save(curves.draw(read_table(summary), figure, estimates), svg, png)


if __name__ == "__main__":
    main(
        snakemake.input.summary,
        snakemake.input.get("bandwidth"),
        snakemake.params.figure,
        snakemake.output.svg,
        snakemake.output.png,
    )
