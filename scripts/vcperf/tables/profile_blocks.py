"""results/tables/profile_blocks.csv: a row a profile: what was counted, and what it cost."""

from __future__ import annotations

from typing import Any

from vcperf.errors import VcperfError
from vcperf.tables import profile
from vcperf.tables.common import CONDITIONS, Content, Planned, command, conditions
from vcperf.tools import imb, netperf
from vcperf.tools.filter import Untrusted

ORDER = (*profile.CELL, "block")
COLUMNS = (
    *profile.CELL,
    "block",
    "profiler",
    "event_asked",
    "event",
    "sample_ns",
    "samples",
    "idle_samples",
    "lost_samples",
    "bytes_moved",
    *CONDITIONS,
)


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The row of one record.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    Raises VcperfError when the workload's output cannot be trusted.
    """
    found = content["profile"]
    run = command(planned, content, "measure")
    try:
        moved = BYTES_MOVED[content["spec"]["workload"]](run["output"])
    except Untrusted as fault:
        raise VcperfError(f"{planned['record']}: {fault}") from None
    row = {
        **planned,
        "profiler": content["spec"]["profiler"]["name"],
        "event_asked": found["event_asked"],
        "event": found["event"],
        "sample_ns": found["sample_ns"],
        "samples": sum(int(r["samples"]) for r in profile.rows(planned, content, 0)),
        "idle_samples": found["idle"],
        "lost_samples": found["lost"],
        "bytes_moved": moved,
        **conditions(planned, content, run["start"], disturbed_percent),
    }
    return [{column: row.get(column) for column in COLUMNS}]


def _netperf_bytes(output: str) -> int | None:
    """Payload that netperf moved; None for tests that count transactions.

    Its throughput is in 10^6 bit/s.
    """
    (row,) = netperf.parse(output)
    rate: float | None = row["throughput_mbps"]
    return None if rate is None else round(rate * 1e6 / 8 * row["elapsed_s"])


def _pingpong_bytes(output: str) -> int:
    """Payload there and back, as far as counted: warm-up and estimates are not."""
    return sum(2 * row["message_bytes"] * row["repetitions"] for row in imb.parse(output))


BYTES_MOVED = {"netperf": _netperf_bytes, "pingpong": _pingpong_bytes}
