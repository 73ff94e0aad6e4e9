"""Snakemake script: raw records of one kind of measurement to its table."""

import importlib

import pandas as pd

from vcperf.basics.results import on_disk
from vcperf.errors import told_in_one_line
from vcperf.tables import common
from vcperf.tables.read import typed
from vcperf.tables.write import write_table


def main(
    name: str, kind: str, plan: str, records: list[str], disturbed_percent: float, output: str
) -> None:
    """Parse the record of every planned block of the kind that is among the records."""
    module = importlib.import_module(f"vcperf.tables.{name}")
    wanted, rows = set(records), []
    for planned in pd.read_csv(plan, dtype=str, keep_default_na=False).to_dict("records"):
        if planned["kind"] == kind and on_disk(planned["record"]) in wanted:
            rows += module.rows(planned, common.read(planned), disturbed_percent)
    table = typed(pd.DataFrame(rows, columns=list(module.COLUMNS)))
    write_table(table.sort_values(list(module.ORDER), na_position="first"), output)


if __name__ == "__main__":
    with told_in_one_line():
        main(
            snakemake.wildcards.table,
            snakemake.params.kind,
            snakemake.input.plan,
            snakemake.input.records,
            snakemake.params.disturbed_percent,
            snakemake.output.table,
        )
