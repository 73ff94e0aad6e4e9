"""Snakemake script: raw records of one kind of measurement to its table."""

import importlib
import sys

import pandas as pd

from vcperf.errors import VcperfError
from vcperf.tables import common
from vcperf.tables.read import whole_sizes


def main(
    name: str, kind: str, plan: str, records: list[str], disturbed_percent: float, output: str
) -> None:
    """Parse the record of every planned block of the kind that is among the records."""
    module = importlib.import_module(f"vcperf.tables.{name}")
    wanted, rows = set(records), []
    for planned in pd.read_csv(plan, dtype=str, keep_default_na=False).to_dict("records"):
        if planned["kind"] == kind and planned["record"] in wanted:
            rows += module.rows(planned, common.read(planned), disturbed_percent)
    table = pd.DataFrame(rows, columns=list(module.COLUMNS))
    table["block"] = table["block"].astype(int)
    whole_sizes(table.sort_values(list(module.ORDER))).to_csv(output, index=False)


if __name__ == "__main__":
    try:
        main(
            snakemake.wildcards.table,
            snakemake.params.kind,
            snakemake.input.plan,
            snakemake.input.records,
            snakemake.params.disturbed_percent,
            snakemake.output.table,
        )
    except VcperfError as error:
        sys.exit(str(error))
