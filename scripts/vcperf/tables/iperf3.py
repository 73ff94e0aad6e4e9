"""results/tables/iperf3.csv: one row per block and direction.

A path is CLIENT->SERVER; `sender` and `receiver` are those of the row's direction.
"""

from __future__ import annotations

from typing import Any

from vcperf.kinds.cpu_parts import ENDS, PARTS
from vcperf.kinds.iperf3 import METRICS
from vcperf.records.observation import domain_cpu_percent
from vcperf.tables import cpu_parts
from vcperf.tables.common import CONDITIONS, Content, Planned, command, conditions, damaged
from vcperf.tools import iperf3
from vcperf.tools.filter import Untrusted

CELL = ("testbed", "pinning", "path", "protocol", "mode", "direction", "streams", "message_bytes")
ORDER = (*CELL, "block")
COLUMNS = (
    *(*CELL, "sender", "receiver", "block"),
    *(metric for metric in METRICS if metric not in PARTS),
    *("threads", "elapsed_s", "link", "link_mbps", *CONDITIONS, *PARTS),
)


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The rows of one record.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    Raises VcperfError when its output cannot be trusted.
    """
    spec = content["spec"]
    run = command(planned, content, "measure")
    try:
        parsed = iperf3.parse(run["output"])
    except Untrusted as fault:
        raise damaged(planned, fault) from None
    noted = conditions(planned, content, run["start"], disturbed_percent)
    made = []
    for row in parsed:
        ends = ENDS
        if row["direction"] == "reverse":
            ends = ("receiver", "sender")
        full = {**planned, **row, **noted}
        for end, domain in zip(ENDS, (spec[name] for name in ends), strict=True):
            used = domain_cpu_percent(content["before"], content["after"], domain)
            full |= {end: domain, f"{end}_domain_cpu_percent": round(used, 2)}
            full[f"{end}_process_cpu_percent"] = row[f"{end}_cpu_percent"]
        made.append(full | cpu_parts.percents(content, {end: full[end] for end in ENDS}))
    return made
