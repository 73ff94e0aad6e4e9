"""iperf3 over its blocks: one row per cell, direction and metric."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from vcperf.analysis import intervals, settings
from vcperf.analysis.summary import in_order
from vcperf.kinds.iperf3 import METRICS, SUMMARY
from vcperf.tables.columns import ENDS
from vcperf.tables.iperf3 import CELL

KEYS = [*CELL, "sender", "receiver", "threads", "shared_cpus"]
COLUMNS = [
    *KEYS,
    *("metric", *ENDS, "blocks", "doubtful", "platform", *settings.PINS),
    *("label", "why", "assumes"),
]


def tables(found: Mapping[str, pd.DataFrame], target_percent: float) -> dict[str, pd.DataFrame]:
    """The summary: mean and 95 % interval of each metric, in the metric's own unit.

    Args:
        found: the table iperf3.
        target_percent: see `vcperf.analysis.intervals.verdict`; `label`, `why` and `assumes` are as
            in netperf_summary.

    A metric that a cell lacks, such as the jitter of TCP, has no row.
    """
    rows = []
    for cell, blocks in found["iperf3"].groupby(KEYS, sort=False, dropna=False):
        group = in_order(blocks)
        doubtful = int((group["status"] != "ok").sum())
        common = dict(zip(KEYS, cell, strict=True))
        common |= {"blocks": len(group), "doubtful": doubtful}
        common |= {"platform": "; ".join(sorted(set(group["platform"])))}
        common |= settings.of_pins(group)
        for metric in METRICS:
            values = group[metric].dropna().to_numpy(float)
            if not len(values):
                continue
            end = intervals.verdict(values, target_percent)
            row = common | {"metric": metric}
            row |= dict(zip(ENDS, intervals.mean_interval(values), strict=True))
            row["label"] = "unstable" if doubtful else end.label
            row["why"] = "disturbed" if doubtful else end.why
            row["assumes"] = intervals.assumption(len(values))
            rows.append(row)
    return {SUMMARY: pd.DataFrame(rows, columns=COLUMNS)}
