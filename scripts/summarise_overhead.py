"""Snakemake script: results/tables/netperf.csv to the ratio of each cell to the baseline."""

from vcperf.analysis import overhead
from vcperf.tables.read import read_table


def main(table: str, baseline: str, output: str) -> None:
    """Compare the testbeds with the baseline, cell by cell."""
    overhead.overhead(read_table(table), baseline).to_csv(output, index=False)


if __name__ == "__main__":
    main(
        snakemake.input.table,
        snakemake.params.baseline,
        snakemake.output.overhead,
    )
