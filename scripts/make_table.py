"""Snakemake script: raw records of one kind of measurement to its table."""

from vcperf.running import worker

worker.take_over(globals())  # what follows takes a second to load

import importlib
import os
from collections.abc import Iterator

import pandas as pd

from vcperf.basics.results import on_disk
from vcperf.errors import told_in_one_line
from vcperf.records.kept import Kept
from vcperf.tables import rows
from vcperf.tables.common import Planned
from vcperf.tables.in_order import in_order
from vcperf.tables.write import ROWS, write_parts


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
    planned = (
        block
        for block in planned_blocks(plan)
        if block["kind"] == kind
        and (
            on_disk(block["record"]) in wanted
            if there is None
            else not there or os.path.exists(on_disk(block["record"]))
        )
    )
    kept = Kept(on_disk(f"results/kept/{name}.jsonl") if modules else None, modules)
    found = rows.of_records(name, planned, disturbed_percent, kept, processes)
    write_parts(parts(found, module.COLUMNS, module.ORDER), output)
    kept.write()


def planned_blocks(plan: str) -> Iterator[Planned]:
    """The rows of a plan, as text."""
    with pd.read_csv(plan, dtype=str, keep_default_na=False, chunksize=ROWS) as chunks:
        for chunk in chunks:
            yield from chunk.to_dict("records")


def parts(
    found: Iterator[rows.Row], columns: list[str], order: list[str]
) -> Iterator[pd.DataFrame]:
    """Rows in their order, in parts; one part without rows where there are none."""
    none = True
    for part in in_order(found, order, ROWS):
        none = False
        yield pd.DataFrame(part, columns=columns)
    if none:
        yield pd.DataFrame(columns=columns)


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
