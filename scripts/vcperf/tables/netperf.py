"""results/tables/netperf.csv: one row per block."""

from __future__ import annotations

from typing import Any

from vcperf.kinds.netperf import METRICS
from vcperf.records.observation import domain_cpu_percent
from vcperf.tables.common import CONDITIONS, Content, Planned, command, conditions, damaged
from vcperf.tools import netperf, netperf_cpu, netperf_latency
from vcperf.tools.filter import Untrusted

OVERRAN = 1.05  # a run this much longer than asked for was held up

ORDER = ("testbed", "pinning", "path", "test", "message_bytes", "block")
COLUMNS = (
    "testbed",
    "pinning",
    "path",
    "sender",
    "receiver",
    "test",
    "message_bytes",
    "block",
    *METRICS,
    "sent_mbps",
    "lost_percent",
    "elapsed_s",
    "link",
    "link_mbps",
    *CONDITIONS,
)


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The row of one record.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    Raises VcperfError when its output cannot be trusted.
    """
    spec = content["spec"]
    run = command(planned, content, "measure")
    try:
        output, _ = netperf_cpu.without_impossible(run["output"])
        (parsed,) = netperf.parse(output, needed=("elapsed_s",))
        if spec["test"] == "UDP_STREAM":
            parsed |= netperf.udp_sent(run["output"], parsed["throughput_mbps"])
        if "percentiles" in spec:
            parsed |= netperf_latency.parse(output)
    except (Untrusted, ValueError) as fault:
        raise damaged(planned, fault) from None
    row = {
        **planned,
        **parsed,
        "test": spec["test"],
        **conditions(planned, content, run["start"], disturbed_percent),
    }
    for end in ("sender", "receiver"):
        used = domain_cpu_percent(content["before"], content["after"], spec[end])
        row[f"{end}_domain_cpu_percent"] = round(used, 2)
    if row["elapsed_s"] > OVERRAN * spec["duration_s"]:
        row["status"] = "overran"
    return [row]
