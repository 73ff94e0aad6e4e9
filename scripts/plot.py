"""Snakemake script: one figure, as its card or config/figures.yaml describes it."""

from vcperf.running import worker

worker.take_over(globals())  # what follows takes a second to load

from vcperf.basics import doors
from vcperf.basics.files import write_whole
from vcperf.errors import told_in_one_line
from vcperf.figures import style
from vcperf.tables.read import read_tables


def main(tables: list[str], draw: str, options: dict, outputs: list[str]) -> None:
    """Draw it, and write it in every format that is asked for."""
    drawing = doors.function(draw)(read_tables(tables), **options)
    if isinstance(drawing, dict):  # texts
        for output in outputs:
            with write_whole(output) as handle:
                handle.write(drawing[output.rpartition(".")[2]])
    else:
        style.save(drawing, outputs)


if __name__ == "__main__":
    with told_in_one_line():
        main(
            snakemake.input.tables,
            snakemake.params.draw,
            snakemake.params.options,
            list(snakemake.output),
        )
