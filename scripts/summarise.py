"""Snakemake script: tables that are made of other tables, as a card describes them."""

from vcperf.running import worker

worker.take_over(globals())  # what follows takes a second to load

from pathlib import Path

from vcperf.basics import doors
from vcperf.errors import told_in_one_line
from vcperf.tables.read import read_tables
from vcperf.tables.write import write_table


def main(tables: list[str], make: str, options: dict, outputs: list[str]) -> None:
    """Make the tables, and write each under its name."""
    made = doors.function(make)(read_tables(tables), **options)
    for output in outputs:
        write_table(made[Path(output).stem], output)


if __name__ == "__main__":
    with told_in_one_line():
        main(
            snakemake.input.tables,
            snakemake.params.make,
            snakemake.params.options,
            list(snakemake.output),
        )
