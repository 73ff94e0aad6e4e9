"""Snakemake script: raw records of one kind of measurement to its table."""

import importlib
import os
import sys

import pandas as pd

from vcperf import kinds
from vcperf.errors import VcperfError
from vcperf.tables import common


def main(name: str, plan: str, disturbed_percent: float, partial: bool, output: str) -> None:
    """Parse the record of every planned block of the kind, with `partial` of those that
    have one."""
    module, kind = importlib.import_module(f"vcperf.tables.{name}"), kinds.KIND_OF[name]
    rows = []
    for planned in pd.read_csv(plan, dtype=str, keep_default_na=False).to_dict("records"):
        if planned["kind"] == kind and (not partial or os.path.exists(planned["record"])):
            rows += module.rows(planned, common.read(planned), disturbed_percent)
    table = pd.DataFrame(rows, columns=list(module.COLUMNS))
    table["block"] = table["block"].astype(int)
    table.sort_values(list(module.ORDER)).to_csv(output, index=False)


if __name__ == "__main__":
    try:
        main(
            snakemake.wildcards.table,
            snakemake.input.plan,
            snakemake.params.disturbed_percent,
            snakemake.params.partial,
            snakemake.output.table,
        )
    except VcperfError as error:
        sys.exit(str(error))
