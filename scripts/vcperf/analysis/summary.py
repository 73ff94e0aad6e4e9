"""Block means to one row a cell: mean, 95 % interval, and whether they may be believed."""

from __future__ import annotations

import pandas as pd

from vcperf.analysis import intervals

CELL = [
    "testbed",
    "pinning",
    "path",
    "sender",
    "receiver",
    "test",
    "message_bytes",
    "shared_cpus",
]
METRICS = [
    "throughput_mbps",
    "transactions_per_s",
    "sender_cpu_percent",
    "receiver_cpu_percent",
    "sender_domain_cpu_percent",
    "receiver_domain_cpu_percent",
]


def summarise(blocks: pd.DataFrame, target_percent: float) -> pd.DataFrame:
    """One row a cell.

    Args:
        blocks: results/tables/netperf.csv.
        target_percent: half width of the interval, in percent of the mean, that a
            cell must reach to count as converged.

    Returns CELL; `metric`, `mean`, `ci_low`, `ci_high` of the cell's own metric
    (throughput_mbps, or transactions_per_s); `median`, `median_low`, `median_high` of
    it; `blocks` and `doubtful` (how many were not ok); `label`: converged, capped (its
    blocks did not suffice), or unstable; `why`, of an unstable cell: `disturbed` (a
    block of it is doubtful; it is in the mean), `two modes` or `trend`; then mean and
    interval of each of METRICS as METRIC_mean, METRIC_ci_low, METRIC_ci_high.
    """
    rows = []
    # Blocks are measured in rounds, so their number is the order of measuring.
    for cell, group in blocks.sort_values("block", kind="stable").groupby(CELL, sort=False):
        means = {m: intervals.mean_interval(group[m].to_numpy(float)) for m in METRICS}
        metric = (
            "transactions_per_s"
            if str(cell[CELL.index("test")]).endswith("RR")
            else "throughput_mbps"
        )
        mean, low, high = means[metric]
        values = group[metric].to_numpy(float)
        median, median_low, median_high = intervals.median_interval(values)
        end = intervals.verdict(values, target_percent)
        doubtful = int((group["status"] != "ok").sum())
        row = dict(zip(CELL, cell, strict=True))
        row |= {"metric": metric, "mean": mean, "ci_low": low, "ci_high": high}
        row |= {"median": median, "median_low": median_low, "median_high": median_high}
        row |= {"blocks": len(group), "doubtful": doubtful}
        row["platform"] = "; ".join(sorted(set(group["platform"])))
        row["label"] = "unstable" if doubtful else end.label
        row["why"] = "disturbed" if doubtful else end.why
        for name, (m, lo, hi) in means.items():
            row |= {f"{name}_mean": m, f"{name}_ci_low": lo, f"{name}_ci_high": hi}
        rows.append(row)
    return pd.DataFrame(rows)
