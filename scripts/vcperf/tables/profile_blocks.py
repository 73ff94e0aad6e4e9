"""results/tables/profile_blocks.csv: a row a profile: what was counted, and what it cost."""

from __future__ import annotations

from typing import Any

from vcperf.tables import profile
from vcperf.tables.columns import LEAST_SAMPLES, PROFILE_CELL
from vcperf.tables.common import CONDITIONS, Content, Planned, command, conditions, damaged, field
from vcperf.tools import netperf, netperf_cpu
from vcperf.tools.filter import Untrusted

LOOPBACK_PLATFORM = "plain processes on one host"
ORDER = (*PROFILE_CELL, "block")
COLUMNS = (
    *PROFILE_CELL,
    "block",
    "profiler",
    "event_asked",
    "event",
    "sample_ns",
    "samples",
    "idle_samples",
    "lost_samples",
    "too_few",
    "bytes_moved",
    *CONDITIONS,
)


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The row of one record.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    A profile is `too_few` when its samples are fewer than LEAST_SAMPLES.

    Raises VcperfError when the workload's output cannot be trusted.
    """
    found = field(planned, content, "profile")
    run = command(planned, content, "measure")
    samples = sum(row["samples"] for row in profile.rows(planned, content, disturbed_percent))
    try:
        moved = BYTES_MOVED[content["spec"]["workload"]](planned, content, run["output"])
    except Untrusted as fault:
        raise damaged(planned, fault) from None
    row = {
        **planned,
        "profiler": content["spec"]["profiler"]["name"],
        "event_asked": found["event_asked"],
        "event": found["event"],
        "sample_ns": found["sample_ns"],
        "samples": samples,
        "idle_samples": found["idle"],
        "lost_samples": found["lost"],
        "too_few": samples < LEAST_SAMPLES,
        "bytes_moved": moved,
        **conditions(planned, content, run["start"], disturbed_percent),
    }
    return [row]


def _netperf_bytes(planned: Planned, content: Content, output: str) -> int | None:
    """Payload that netperf moved; None for tests that count transactions.

    Its throughput is in 10^6 bit/s.
    """
    (row,) = netperf.parse(netperf_cpu.without_impossible(output)[0], needed=("elapsed_s",))
    rate: float | None = row["throughput_mbps"]
    return None if rate is None else round(rate * 1e6 / 8 * row["elapsed_s"])


def _pingpong_bytes(planned: Planned, content: Content, output: str) -> int:
    """What both ranks received from the network, headers included. The output tells no round
    trips of warm-up and estimates, which are half of a short ping-pong, and sampled too."""
    received: dict[str, int] = field(planned, content, "received_bytes")
    # Older records do not say it; of their platforms one has a single interface, loopback.
    one = content.get("one_interface", content["host"]["platform"] == LOOPBACK_PLATFORM)
    return max(received.values()) if one else sum(received.values())


BYTES_MOVED = {"netperf": _netperf_bytes, "pingpong": _pingpong_bytes}
