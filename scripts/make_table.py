"""Snakemake script: raw records of one kind of measurement to its table."""

from vcperf.running import worker

worker.take_over(globals())  # what follows takes a second to load

import importlib
import os

import pandas as pd

from vcperf.basics.results import on_disk
from vcperf.errors import told_in_one_line
from vcperf.records.kept import Kept
from vcperf.tables import rows
from vcperf.tables.read import typed
from vcperf.tables.write import write_table


def main(
    name: str,
    kind: str,
    plan: str,
    records: list[str],
    disturbed_percent: float,
    output: str,
    modules: tuple[str, ...] = (),
    processes: int = 1,
    there: bool | None = None,
) -> None:
    """Parse the record of every planned block of the kind that is among the records.

    Args:
        there: what is parsed in place of the records: True for those that there are, False for all.
        modules: the files of the code that parses. Without them nothing is kept.
        processes: that parse side by side, at most.
    """
    module = importlib.import_module(f"vcperf.tables.{name}")
    wanted = set(records)
    planned = [
        block
        for block in pd.read_csv(plan, dtype=str, keep_default_na=False).to_dict("records")
        if block["kind"] == kind
        and (
            on_disk(block["record"]) in wanted
            if there is None
            else not there or os.path.exists(on_disk(block["record"]))
        )
    ]
    kept = Kept(on_disk(f"results/kept/{name}.json") if modules else None, modules)
    found = rows.of_records(name, planned, disturbed_percent, kept, processes)
    table = typed(pd.DataFrame(found, columns=list(module.COLUMNS)))
    write_table(table.sort_values(list(module.ORDER), na_position="first"), output)
    kept.write()


if __name__ == "__main__":
    with told_in_one_line():
        main(
            snakemake.wildcards.table,
            snakemake.params.kind,
            snakemake.input.plan,
            snakemake.input.records,
            snakemake.params.disturbed_percent,
            snakemake.output.table,
            tuple(snakemake.input.modules),
            snakemake.threads,
            snakemake.params.partial if snakemake.params.in_rounds else None,
        )
