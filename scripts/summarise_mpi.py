"""Snakemake script: the MPI tables to their summaries, anomalies, and points A and B."""

import sys

from vcperf.analysis import anomaly, latency
from vcperf.errors import VcperfError
from vcperf.tables.read import read_table


def main(pingpong: str, ep: str, output) -> None:
    """Write the four tables."""
    blocks = read_table(pingpong)
    found = anomaly.find(blocks)
    found.to_csv(output.anomalies, index=False)
    anomaly.points(blocks, found).to_csv(output.points, index=False)
    latency.summarise(blocks).to_csv(output.pingpong, index=False)
    latency.slowdown(read_table(ep)).to_csv(output.ep, index=False)


if __name__ == "__main__":
    try:
        main(snakemake.input.pingpong, snakemake.input.ep, snakemake.output)
    except VcperfError as error:
        sys.exit(str(error))
