"""Snakemake script: results/tables/netperf.csv to one row a cell."""

import pandas as pd

from vcperf.analysis import summary


def main(table: str, plan: str, target_percent: float, output: str) -> None:
    """Summarise the blocks of every cell."""
    sequential = summary.sequential_cells(pd.read_csv(plan))
    rows = summary.summarise(pd.read_csv(table), target_percent, sequential)
    rows.to_csv(output, index=False)


if __name__ == "__main__":
    main(
        snakemake.input.table,
        snakemake.input.plan,
        snakemake.params.target_percent,
        snakemake.output.summary,
    )
