"""results/tables/imb.csv: IMB-MPI1's other benchmarks, a row a block and message size.

`latency_us` is IMB's t_avg, the mean over the processes, or its t[usec]; Barrier has no
message_bytes, and collectives have no bandwidth (see vcperf.tools.imb).
"""

from __future__ import annotations

from typing import Any

from vcperf.tables import pingpong
from vcperf.tables.common import CONDITIONS, Content, Planned

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


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The rows of one record: see `vcperf.tables.pingpong.rows`."""
    found = pingpong.parsed(planned, content, disturbed_percent)
    return [{column: row.get(column) for column in COLUMNS} for row in found]
