"""iperf3 over its blocks: one row per cell, direction and metric."""

from __future__ import annotations

from collections.abc import Mapping

from typing import Any

import pandas as pd

from vcperf.analysis import doubts, intervals, link, settings
from vcperf.kinds.iperf3 import METRICS, SUMMARY
from vcperf.tables.columns import ENDS, MEDIANS
from vcperf.tables.iperf3 import CELL

RECEIVED = "received_mbps"  # what the stopping rule looks at
LABELS = [name for name in CELL if name not in ("direction", "message_bytes")]
KEYS = [*CELL, "sender", "receiver", "threads", "shared_cpus"]
COLUMNS = [
    *KEYS,
    *("metric", *ENDS, *MEDIANS, "blocks", "doubtful", "platform", *doubts.ORIGINS.values()),
    *(*settings.PINS, *link.COLUMNS),
    *("label", "why", "assumes"),
]


def tables(found: Mapping[str, pd.DataFrame], target_percent: float) -> dict[str, pd.DataFrame]:
    """The summary: mean and 95 % interval of each metric, in the metric's own unit.

    Args:
        found: the tables iperf3 and plan, and bandwidth where the campaign has it.
        target_percent: see `vcperf.analysis.intervals.verdict`; `label`, `why` and `assumes` are as
            in netperf_summary.

    A metric that a cell lacks, such as the jitter of TCP, has no row.
    """
    rows = []
    marked = link.mark(found["iperf3"], found.get("bandwidth"))
    sequential = sequential_cells(found["plan"])
    for cell, blocks in marked.groupby(KEYS, sort=False, dropna=False):
        group = doubts.in_order(blocks)
        doubtful = int((group["status"] != "ok").sum())
        common = dict(zip(KEYS, cell, strict=True))
        common |= {"blocks": len(group), "doubtful": doubtful}
        common |= {"platform": doubts.joined(group["platform"])}
        common |= doubts.origins(group) | settings.of_pins(group) | link.of_cell(group)
        for metric in METRICS:
            values = group[metric].dropna().to_numpy(float)
            if not len(values):
                continue
            looked = metric == RECEIVED and _named(common) in sequential
            end = intervals.verdict(values, target_percent, looked)
            row = common | {"metric": metric}
            row |= dict(zip(ENDS, intervals.mean_interval(values), strict=True))
            if looked and end.label == "converged":
                row |= dict(zip(ENDS, (end.estimate, end.low, end.high), strict=True))
            row |= dict(zip(MEDIANS, intervals.median_interval(values), strict=True))
            row["why"] = doubts.why(group, values, target_percent)
            row["label"] = "unstable" if row["why"] else end.label
            row["assumes"] = intervals.assumption(len(values))
            rows.append(row)
    return {SUMMARY: pd.DataFrame(rows, columns=COLUMNS)}


def sequential_cells(plan: pd.DataFrame) -> frozenset[tuple[str, ...]]:
    """The cells of results/tables/plan.csv whose blocks the stopping rule counted."""
    rows = plan[(plan["kind"] == "iperf3") & (plan["stopping"] == "sequential")]
    records = ({str(name): value for name, value in row.items()} for row in rows.to_dict("records"))
    return frozenset(map(_named, records))


def _named(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What names a cell in a row of any table."""
    return (*(str(row[name]) for name in LABELS), str(int(row["message_bytes"])))
