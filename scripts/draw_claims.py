"""Snakemake script: the figure of the claims."""

from vcperf.figures import claims, curves
from vcperf.tables.read import read_table


def main(table: str, svg: str, png: str) -> None:
    """Draw the verdicts in both formats."""
    curves.save(claims.draw(read_table(table)), svg, png)


if __name__ == "__main__":
    main(snakemake.input.claims, snakemake.output.svg, snakemake.output.png)
