"""Snakemake script: results/tables/netperf.csv to the ratio of each cell to the baseline."""

import pandas as pd

from vcperf.analysis import overhead


def main(table: str, baseline: str, target_percent: float, output: str) -> None:
    """Compare the testbeds with the baseline, cell by cell."""
    rows = overhead.overhead(pd.read_csv(table), baseline, target_percent)
    rows.to_csv(output, index=False)


if __name__ == "__main__":
    main(
        snakemake.input.table,
        snakemake.params.baseline,
        snakemake.params.target_percent,
        snakemake.output.overhead,
    )
