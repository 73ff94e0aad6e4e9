"""Snakemake script: a figure of the profiles."""

from vcperf.figures import curves, profiles
from vcperf.tables.read import read_table

if __name__ == "__main__":
    tables = {
        name: read_table(path)
        for name, path in snakemake.input.items()
        if path and name != "modules"  # no table of nodes where none is emulated
    }
    drawing = profiles.FIGURES[snakemake.wildcards.figure](tables)
    curves.save(drawing, snakemake.output.svg, snakemake.output.png)
