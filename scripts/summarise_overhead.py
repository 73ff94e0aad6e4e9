"""Snakemake script: results/tables/netperf.csv to the ratio of each cell to the baseline."""

from vcperf.analysis import overhead
from vcperf.tables.read import read_table


def main(table: str, baseline: str, target_percent: float, output: str) -> None:
    """Compare the testbeds with the baseline, cell by cell."""
    rows = overhead.overhead(read_table(table), baseline, target_percent)
    rows.to_csv(output, index=False)


if __name__ == "__main__":
    main(
        snakemake.input.table,
        snakemake.params.baseline,
        snakemake.params.target_percent,
        snakemake.output.overhead,
    )
