"""Snakemake script: raw records of netperf to results/tables/netperf.csv."""

import os
import sys

import pandas as pd

from vcperf import tables
from vcperf.errors import VcperfError


def main(plan: str, disturbed_percent: float, partial: bool, output: str) -> None:
    """Parse the record of every planned block, with `partial` of those that have one."""
    planned = pd.read_csv(plan).to_dict("records")
    if partial:
        planned = [row for row in planned if os.path.exists(row["record"])]
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
            snakemake.params.partial,
            snakemake.output.table,
        )
    except VcperfError as error:
        sys.exit(str(error))
