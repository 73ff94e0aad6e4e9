"""results/tables/imb.csv: IMB-MPI1's other benchmarks, one row per block and message size.

`latency_us` is IMB's t_avg, the mean over the processes, or its t[usec]; Barrier has no
message_bytes, and collectives have no bandwidth (see vcperf.tools.imb).
"""

from __future__ import annotations

from vcperf.tables.common import CONDITIONS
from vcperf.tables.pingpong import rows

__all__ = ["COLUMNS", "ORDER", "rows"]

CELL = ("testbed", "pinning", "stack", "program", "load", "benchmark")
ORDER = (*CELL, "message_bytes", "block")
COLUMNS = (
    *CELL,
    "processes",
    "message_bytes",
    "block",
    "repetitions",
    "latency_us",
    "t_min_us",
    "t_max_us",
    "bandwidth_mbytes_per_s",
    "transport",
    *CONDITIONS,
)
