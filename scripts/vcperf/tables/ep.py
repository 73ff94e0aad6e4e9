"""results/tables/ep.csv: EP as the load of a ping-pong, one row per block and phase.

A step of EP (of a site's own: a run) belongs to phase `alone` when it had ended before the
ping-pong was started, to phase `pingpong` when it began and ended while that sent messages; those
under way at a border are left out. The block has counted them as they came in.
"""

from __future__ import annotations

from typing import Any

from vcperf.tables.common import CONDITIONS, Content, Planned, command, conditions, damaged, field
from vcperf.tools import ep_load
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
    "steps",
    "mops",
    "verified",
    *CONDITIONS,
)


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The rows of one record; none when it had no load.

    `mops` is the phase's mean, 10^6 operations a second of all processes together. A phase in
    which no step lies whole has none, and the status `short`. `verified` is `yes` when a run of
    the class ended in the phase, else empty: steps of a run that has not ended have no sums to
    verify, and one with wrong sums spoils its block.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    Raises VcperfError when its output cannot be trusted.
    """
    if "load" not in content["spec"]:
        return []
    load, run = (command(planned, content, role) for role in ("load", "measure"))
    count, wanted = field(planned, load, "steps"), content["spec"]["load"]
    try:
        # The block has looked at no more: a line may be damaged as the load ends.
        steps = ep_load.parse(
            load["output"], "runs" if "file" in wanted else "repeat", count["checked"]
        )
    except Untrusted as fault:
        raise damaged(planned, fault) from None
    common = {**planned, **conditions(planned, content, run["start"], disturbed_percent)}
    phases = {
        "alone": steps[1 : count["alone"]],  # the first warms up
        "pingpong": steps[count["began"] + 1 : count["ended"]],
    }
    found = []
    for phase, chosen in phases.items():
        seconds = sum(step["time_s"] for step in chosen)
        work = sum(step["mops"] * step["time_s"] for step in chosen)
        row = {
            **common,
            "phase": phase,
            "class": wanted["class"],
            "processes": len(wanted["ranks"]),
            "steps": len(chosen),
            "mops": round(work / seconds, 3) if seconds else None,
            "verified": "yes" if any(step["verified"] for step in chosen) else None,
        }
        if not seconds:
            row["status"] = "short"
        found.append(row)
    return found
