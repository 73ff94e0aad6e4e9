"""Snakemake script: the samples of profiles to tables by image, application and symbol, to
what a megabyte costs, and to what makes profiles differ."""

import sys

from vcperf.analysis import profile_tables
from vcperf.errors import VcperfError
from vcperf.tables.read import read_table, whole_sizes


def main(samples: str, blocks: str, output) -> None:
    """Write the tables."""
    tables = read_table(samples), read_table(blocks)
    whole_sizes(profile_tables.applications(*tables)).to_csv(output.applications, index=False)
    cells = profile_tables.Cells(*tables)
    for name, make in profile_tables.TABLES.items():
        whole_sizes(make(cells)).to_csv(output[name], index=False)


if __name__ == "__main__":
    try:
        main(snakemake.input.samples, snakemake.input.blocks, snakemake.output)
    except VcperfError as error:
        sys.exit(str(error))
