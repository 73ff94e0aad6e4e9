"""Snakemake script: a figure of the profiles."""

import pandas as pd

from vcperf.figures import curves, profiles

if __name__ == "__main__":
    tables = {  # a function may be called `nan`: only what is empty is missing
        name: pd.read_csv(path, keep_default_na=False, na_values=[""])
        for name, path in snakemake.input.items()
        if path and name != "modules"  # no table of nodes where none is emulated
    }
    drawing = profiles.FIGURES[snakemake.wildcards.figure](tables)
    curves.save(drawing, snakemake.output.svg, snakemake.output.png)
