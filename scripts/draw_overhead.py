"""Snakemake script: the figure of native against virtual."""

from vcperf.figures import curves, overhead
from vcperf.tables.read import read_table


def main(table: str, svg: str, png: str) -> None:
    """Draw the ratios in both formats."""
    curves.save(overhead.draw(read_table(table)), svg, png)


if __name__ == "__main__":
    main(snakemake.input.overhead, snakemake.output.svg, snakemake.output.png)
