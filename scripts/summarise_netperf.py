"""Snakemake script: results/tables/netperf.csv to one row a cell."""

from vcperf.analysis import summary
from vcperf.tables.read import read_table


def main(table: str, plan: str, target_percent: float, output: str) -> None:
    """Summarise the blocks of every cell."""
    sequential = summary.sequential_cells(read_table(plan))
    rows = summary.summarise(read_table(table), target_percent, sequential)
    rows.to_csv(output, index=False)


if __name__ == "__main__":
    main(
        snakemake.input.table,
        snakemake.input.plan,
        snakemake.params.target_percent,
        snakemake.output.summary,
    )
