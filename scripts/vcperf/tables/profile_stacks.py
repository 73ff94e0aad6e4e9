"""results/tables/profile_stacks.csv: one row per profile and call stack, where the profiler keeps
those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vcperf.errors import VcperfError, quote
from vcperf.tables.columns import PROFILE_CELL
from vcperf.tables.common import Content, Planned, field

ORDER = (*PROFILE_CELL, "block", "call_stack")
COLUMNS = (*ORDER, "samples")


def rows(planned: Planned, content: Content, disturbed_percent: float) -> list[dict[str, Any]]:
    """The rows of one record; `call_stack` is folded, `outermost;...;leaf`
    (vcperf.tools.perf_stacks). The samples of stacks that were too rare to be kept are a row
    without a call stack.

    Args:
        planned: its row of the plan.
        content: the record.
        disturbed_percent: of the blocks' table; nothing here.

    Raises VcperfError on a line of the record that is no folded stack.
    """
    found, called = field(planned, content, "profile"), content.get("called", {})
    folded = field(planned, found, "folded")
    counted = [_count(planned, line) for line in folded.split("\n") if line]
    if field(planned, found, "folded_left_out"):
        counted.append(("", found["folded_left_out"]))
    return [
        {**planned, "call_stack": _renamed(stack, called), "samples": samples}
        for stack, samples in counted
    ]


def _renamed(stack: str, called: Mapping[str, str]) -> str:
    """A stack whose outermost frame, the domain, has its name of today."""
    domain, *frames = stack.split(";")
    return ";".join([called.get(domain, domain), *frames])


def _count(planned: Planned, line: str) -> tuple[str, int]:
    stack, _, samples = line.rpartition(" ")
    if not stack or not (samples.isascii() and samples.isdigit()):
        raise VcperfError(
            f"{planned['record']}: folded: {quote(line)} is not `STACK SAMPLES`; delete it and run"
            " again"
        )
    return stack, int(samples)
