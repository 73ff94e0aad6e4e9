"""Snakemake script: one figure, as its card or config/figures.yaml describes it."""

from vcperf.running import worker

worker.take_over(globals())  # what follows takes a second to load

from vcperf.basics import doors
from vcperf.basics.files import write_whole
from vcperf.errors import told_in_one_line
from vcperf.figures import style
from vcperf.tables.read import read_tables


def main(tables: list[str], draw: str, options: dict, note: str, outputs: list[str]) -> None:
    """Draw it, and write it in every format that is asked for; with a note, unless it is empty."""
    drawing = doors.function(draw)(read_tables(tables), **options)
    if isinstance(drawing, dict):  # texts
        for output in outputs:
            with write_whole(output) as handle:
                handle.write(drawing[output.rpartition(".")[2]])
    else:
        style.save(drawing, outputs, note)


if __name__ == "__main__":
    with told_in_one_line():
        main(
            snakemake.input.tables,
            snakemake.params.draw,
            snakemake.params.options,
            snakemake.params.note,
            list(snakemake.output),
        )
