"""Block means to one row per cell: mean, 95 % interval, and whether they may be believed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from vcperf.analysis import doubts, intervals, link, settings
from vcperf.kinds import netperf
from vcperf.tables.columns import ENDS, MEDIANS

CELL = [
    "testbed",
    "pinning",
    "path",
    "sender",
    "receiver",
    "test",
    "message_bytes",
    *netperf.USUAL,
    "shared_cpus",
]
FACTORS = ("testbed", "pinning", "path", "test", *netperf.USUAL)
Factors = tuple[str | int, ...]
"""The values of FACTORS and the message size."""
COLUMNS = [
    *CELL,
    *("metric", *ENDS, *MEDIANS),
    *("blocks", "doubtful", "platform", *doubts.ORIGINS.values()),
    *(*settings.PINS, *link.COLUMNS),
    *("label", "why", "assumes"),
    *(f"{metric}_{end}" for metric in netperf.METRICS for end in (*ENDS, *MEDIANS)),
]


def tables(found: Mapping[str, pd.DataFrame], target_percent: float) -> dict[str, pd.DataFrame]:
    """The summary of netperf: see `summarise`.

    Args:
        found: the tables netperf and plan, and bandwidth where the campaign has it.
        target_percent: see `summarise`.
    """
    blocks = link.mark(found["netperf"], found.get("bandwidth"))
    rows = summarise(blocks, target_percent, sequential_cells(found["plan"]))
    return {"netperf_summary": rows}


def sequential_cells(plan: pd.DataFrame) -> frozenset[Factors]:
    """The cells of results/tables/plan.csv whose blocks the stopping rule counted."""
    rows = plan[(plan["kind"] == "netperf") & (plan["stopping"] == "sequential")]
    return frozenset(
        factors({str(k): v for k, v in row.items()}) for row in rows.to_dict("records")
    )


def factors(row: Mapping[str, Any]) -> Factors:
    """What names a netperf cell in a row of any table, or in labels and testbed."""
    return (*(str(row[name]) for name in FACTORS), int(row["message_bytes"]))


def summarise(
    blocks: pd.DataFrame, target_percent: float, sequential: Collection[Factors] = ()
) -> pd.DataFrame:
    """One row per cell.

    Args:
        blocks: results/tables/netperf.csv, as `vcperf.analysis.link.mark` returns it.
        target_percent: half width of the interval, in percent of the mean, that a
            cell must reach to count as converged.
        sequential: the cells of which a look at the results decided how many blocks they
            have; see `vcperf.analysis.intervals.verdict` for what it does to intervals.

    Returns COLUMNS: CELL; `metric`, `mean`, `ci_low`, `ci_high` of the cell's own metric
    (throughput_mbps, or transactions_per_s); `median`, `median_low`, `median_high` of
    it; `blocks` and `doubtful` (how many were not ok); `link_mbps` and `meets_link` (see
    `vcperf.analysis.link.mark`); `label`: converged, capped (its
    blocks do not suffice), or unstable; `why`, of an unstable cell: `disturbed` (a
    block of it is doubtful; it is in the mean), `two modes` or `trend`; `assumes`, what so
    few blocks cannot show (`vcperf.analysis.intervals.assumption`); then mean and interval of
    each of its metrics as METRIC_mean, METRIC_ci_low, METRIC_ci_high.
    """
    rows = []
    for cell, rows_of_cell in blocks.groupby(CELL, sort=False):
        group = doubts.in_order(rows_of_cell)
        means = {m: intervals.mean_interval(group[m].to_numpy(float)) for m in netperf.METRICS}
        named = dict(zip(CELL, cell, strict=True))
        metric = netperf.metric_of(named)
        values = group[metric].to_numpy(float)
        median, median_low, median_high = intervals.median_interval(values)
        looked = factors(named) in sequential
        end = intervals.verdict(values, target_percent, looked)
        if looked and end.label == "converged":
            means[metric] = end.estimate, end.low, end.high
        mean, low, high = means[metric]
        doubtful = int((group["status"] != "ok").sum())
        row = named | {"metric": metric, "mean": mean, "ci_low": low, "ci_high": high}
        row |= {"median": median, "median_low": median_low, "median_high": median_high}
        row |= {"blocks": len(group), "doubtful": doubtful}
        row["platform"] = doubts.joined(group["platform"])
        row |= doubts.origins(group) | settings.of_pins(group) | link.of_cell(group)
        row["why"] = doubts.why(group, values, target_percent)
        row["label"] = "unstable" if row["why"] else end.label
        row["assumes"] = intervals.assumption(len(group))
        for name, found in means.items():
            row |= {f"{name}_{end}": value for end, value in zip(ENDS, found, strict=True)}
            medians = intervals.median_interval(group[name].to_numpy(float))
            row |= {f"{name}_{end}": value for end, value in zip(MEDIANS, medians, strict=True)}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)
