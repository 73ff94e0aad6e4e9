"""Snakemake script: a figure of the MPI chapter."""

from vcperf.figures import curves, latency
from vcperf.tables.read import read_table

if __name__ == "__main__":
    tables = {name: read_table(path) for name, path in snakemake.input.items() if name != "modules"}
    drawing = latency.FIGURES[snakemake.wildcards.figure](tables)
    curves.save(drawing, snakemake.output.svg, snakemake.output.png)
