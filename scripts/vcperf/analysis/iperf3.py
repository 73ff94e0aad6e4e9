"""iperf3 over its blocks: one row per cell, direction and metric."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from vcperf.analysis import doubts, intervals, link, settings
from vcperf.kinds.iperf3 import METRICS, SUMMARY
from vcperf.tables.columns import ENDS, MEDIANS
from vcperf.tables.iperf3 import CELL

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
        found: the table iperf3, and bandwidth where the campaign has it.
        target_percent: see `vcperf.analysis.intervals.verdict`; `label`, `why` and `assumes` are as
            in netperf_summary.

    A metric that a cell lacks, such as the jitter of TCP, has no row.
    """
    rows = []
    marked = link.mark(found["iperf3"], found.get("bandwidth"))
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
            end = intervals.verdict(values, target_percent)
            row = common | {"metric": metric}
            row |= dict(zip(ENDS, intervals.mean_interval(values), strict=True))
            row |= dict(zip(MEDIANS, intervals.median_interval(values), strict=True))
            row["why"] = doubts.why(group, values, target_percent)
            row["label"] = "unstable" if row["why"] else end.label
            row["assumes"] = intervals.assumption(len(values))
            rows.append(row)
    return {SUMMARY: pd.DataFrame(rows, columns=COLUMNS)}
