"""results/tables/ep.csv: EP as the load of a ping-pong, a row a block and phase.

An iteration of EP belongs to phase `alone` when it ended before the ping-pong was started, to
phase `pingpong` when it began and ended while that ran; those in between are left out.
"""

from __future__ import annotations

from typing import Any

from vcperf.errors import VcperfError
from vcperf.tables.common import CONDITIONS, Content, Planned, command, conditions
from vcperf.tools import ep
from vcperf.tools.filter import Untrusted

ORDER = ("testbed", "pinning", "stack", "program", "phase", "block")
COLUMNS = (
    "testbed",
    "pinning",
    "stack",
    "program",
    "class",
    "processes",
    "phase",
    "block",
    "iterations",
    "mops",
    "verified",
    *CONDITIONS,
)


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The rows of one record; none when it had no load. `mops` is the phase's mean, 10^6
    operations a second of all processes together.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    Raises VcperfError when its output cannot be trusted.
    """
    if "load" not in content["spec"]:
        return []
    load, run = (command(planned, content, role) for role in ("load", "measure"))
    try:
        iterations = ep.parse_repeat(ep.repeat_lines(load["output"]))
    except Untrusted as fault:
        raise VcperfError(f"{planned['record']}: {fault}") from None
    common = {**planned, **conditions(planned, content, run["start"], disturbed_percent)}
    phases = {
        "alone": [i for i in iterations if i["end_s"] < run["start"]],
        "pingpong": [
            i for i in iterations if run["start"] < i["start_s"] and i["end_s"] < run["end"]
        ],
    }
    found = []
    for phase, chosen in phases.items():
        # The first one warms up.
        counted = chosen[1:] if phase == "alone" else chosen
        seconds = sum(i["end_s"] - i["start_s"] for i in counted)
        work = sum(i["mops"] * (i["end_s"] - i["start_s"]) for i in counted)
        row = {
            **common,
            "phase": phase,
            "class": content["spec"]["load"]["class"],
            "processes": len(content["spec"]["load"]["ranks"]),
            "iterations": len(counted),
            "mops": round(work / seconds, 3) if seconds else None,
            "verified": "yes" if all(i["verified"] == "yes" for i in chosen) else "no",
        }
        found.append({column: row.get(column) for column in COLUMNS})
    return found
