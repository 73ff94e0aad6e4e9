"""Snakemake script: the MPI tables to their summaries, anomalies, and points A and B."""

import sys

from vcperf.analysis import anomaly, latency
from vcperf.errors import VcperfError
from vcperf.tables.read import read_table


def main(pingpong: str, ep: str, points: dict[str, int], output) -> None:
    """Write the tables.

    Args:
        points: the configuration's own, name -> bytes; A and B are those of a curve without
            an anomaly, where it has both.
    """
    default = (points["A"], points["B"]) if {"A", "B"} <= set(points) else anomaly.DEFAULT_POINTS
    blocks = read_table(pingpong)
    found = anomaly.find(blocks)
    found.to_csv(output.anomalies, index=False)
    anomaly.points(blocks, found, default).to_csv(output.points, index=False)
    latency.summarise(blocks).to_csv(output.pingpong, index=False)
    latency.programs(blocks).to_csv(output.programs, index=False)
    latency.slowdown(read_table(ep)).to_csv(output.ep, index=False)


if __name__ == "__main__":
    try:
        main(
            snakemake.input.pingpong,
            snakemake.input.ep,
            snakemake.params.points,
            snakemake.output,
        )
    except VcperfError as error:
        sys.exit(str(error))
