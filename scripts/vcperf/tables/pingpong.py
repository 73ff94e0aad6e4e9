"""results/tables/pingpong.csv: one row per block and message size."""

from __future__ import annotations

from typing import Any

from vcperf.tables.common import CONDITIONS, Content, Planned, command, conditions, damaged, field
from vcperf.tools import pingpongs
from vcperf.tools.filter import Untrusted

ORDER = ("testbed", "pinning", "stack", "program", "load", "message_bytes", "block")
COLUMNS = (
    "testbed",
    "pinning",
    "path",
    "stack",
    "program",
    "load",
    "message_bytes",
    "block",
    "repetitions",
    "latency_us",
    "bandwidth_mbytes_per_s",
    "transport",
    *CONDITIONS,
)


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The rows of one record, all that is known of each line of the program's table.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    Raises VcperfError when its output cannot be trusted.
    """
    run = command(planned, content, "measure")
    try:
        lines = pingpongs.rows(content["spec"], run["output"])
    except Untrusted as fault:
        raise damaged(planned, fault) from None
    common = {
        **planned,
        **conditions(planned, content, run["start"], disturbed_percent),
        "transport": field(planned, content, "transport"),
    }
    return [{**common, **line} for line in lines]
