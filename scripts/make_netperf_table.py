"""Snakemake script: raw records of netperf to results/tables/netperf.csv."""

import sys

import pandas as pd

from vcperf import tables
from vcperf.errors import VcperfError


def main(plan: str, disturbed_percent: float, output: str) -> None:
    """Parse the record of every planned block; the table is in the plan's own order."""
    planned = pd.read_csv(plan).to_dict("records")
    rows = [tables.netperf_row(row, disturbed_percent) for row in planned]
    table = pd.DataFrame(rows, columns=list(tables.NETPERF_COLUMNS))
    table.sort_values(["testbed", "pinning", "path", "test", "message_bytes", "block"]).to_csv(
        output, index=False
    )


if __name__ == "__main__":
    try:
        main(
            snakemake.input.plan,
            snakemake.params.disturbed_percent,
            snakemake.output.table,
        )
    except VcperfError as error:
        sys.exit(str(error))
