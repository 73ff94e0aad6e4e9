"""Snakemake script: the MPI tables to their summaries, anomalies, and points A and B."""

import sys

import pandas as pd

from vcperf.analysis import anomaly, latency
from vcperf.errors import VcperfError


def main(pingpong: str, ep: str, output) -> None:
    """Write the tables."""
    blocks = pd.read_csv(pingpong)
    found = anomaly.find(blocks)
    found.to_csv(output.anomalies, index=False)
    anomaly.points(blocks, found).to_csv(output.points, index=False)
    latency.summarise(blocks).to_csv(output.pingpong, index=False)
    latency.programs(blocks).to_csv(output.programs, index=False)
    latency.slowdown(pd.read_csv(ep)).to_csv(output.ep, index=False)


if __name__ == "__main__":
    try:
        main(snakemake.input.pingpong, snakemake.input.ep, snakemake.output)
    except VcperfError as error:
        sys.exit(str(error))
