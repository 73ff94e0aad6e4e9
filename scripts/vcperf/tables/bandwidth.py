"""results/tables/bandwidth.csv: one row per estimate."""

from __future__ import annotations

from typing import Any

from vcperf.tables.common import CONDITIONS, Content, Planned, command, conditions, damaged
from vcperf.tools import pathload, pathrate
from vcperf.tools.filter import Untrusted

PARSE = {"pathload": pathload.parse, "pathrate": pathrate.parse}
ORDER = ("testbed", "pinning", "path", "method", "block")
COLUMNS = (
    "testbed",
    "pinning",
    "path",
    "sender",
    "receiver",
    "method",
    "block",
    "low_mbps",
    "high_mbps",
    "kind",
    "bucket_bytes",
    "elapsed_s",
    *CONDITIONS,
)


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The row of one record; `kind` is the estimate's: range, capacity, a bound, or none.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    Raises VcperfError when its output cannot be trusted.
    """
    run = command(planned, content, "measure")
    try:
        (parsed,) = PARSE[content["spec"]["method"]](run["output"])
    except Untrusted as fault:
        raise damaged(planned, fault) from None
    if parsed["elapsed_s"] is None:  # a real pathrate does not tell
        parsed["elapsed_s"] = round(run["end"] - run["start"], 3)
    return [{**planned, **parsed, **conditions(planned, content, run["start"], disturbed_percent)}]
