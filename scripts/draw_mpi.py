"""Snakemake script: a figure of the MPI chapter."""

import pandas as pd

from vcperf.figures import curves, latency

if __name__ == "__main__":
    tables = {
        name: pd.read_csv(path) for name, path in snakemake.input.items() if name != "modules"
    }
    drawing = latency.FIGURES[snakemake.wildcards.figure](tables)
    curves.save(drawing, snakemake.output.svg, snakemake.output.png)
