"""Block means to one row a cell: mean, 95 % interval, and whether they may be believed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

LEVEL = 0.95
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


def mean_interval(values: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """Mean of blocks and its two-sided 95 % interval by Student's t.

    Args:
        values: one value a block, any unit; NaN is left out.

    Returns (mean, low, high); low and high are NaN for fewer than two values, all
    three for none.

    >>> mean_interval([9.0, 10.0, 11.0])
    (10.0, 7.515862..., 12.484137...)
    """
    blocks = np.asarray(values, dtype=float)
    blocks = blocks[~np.isnan(blocks)]
    if not len(blocks):
        return float("nan"), float("nan"), float("nan")
    mean = float(blocks.mean())
    if len(blocks) < 2:
        return mean, float("nan"), float("nan")
    quantile = special.stdtrit(len(blocks) - 1, (1 + LEVEL) / 2)
    half = float(quantile * blocks.std(ddof=1) / np.sqrt(len(blocks)))
    return mean, mean - half, mean + half


def summarise(blocks: pd.DataFrame, target_percent: float) -> pd.DataFrame:
    """One row a cell.

    Args:
        blocks: results/tables/netperf.csv.
        target_percent: half width of the interval, in percent of the mean, that a
            cell must reach to count as converged.

    Returns CELL; `metric`, `mean`, `ci_low`, `ci_high` of the cell's own metric
    (throughput_mbps, or transactions_per_s); `blocks` and `doubtful` (how many were
    not ok); `label`: converged, capped (its blocks did not suffice), or unstable (a
    block of it is doubtful; it is in the mean); then mean and interval of each of
    METRICS as METRIC_mean, METRIC_ci_low, METRIC_ci_high.
    """
    rows = []
    for cell, group in blocks.groupby(CELL, sort=False):
        intervals = {metric: mean_interval(group[metric].to_numpy(float)) for metric in METRICS}
        metric = (
            "transactions_per_s"
            if str(cell[CELL.index("test")]).endswith("RR")
            else "throughput_mbps"
        )
        mean, low, high = intervals[metric]
        doubtful = int((group["status"] != "ok").sum())
        row = dict(zip(CELL, cell, strict=True))
        row |= {"metric": metric, "mean": mean, "ci_low": low, "ci_high": high}
        row |= {"blocks": len(group), "doubtful": doubtful}
        row["platform"] = "; ".join(sorted(set(group["platform"])))
        row["label"] = _label(mean, high, doubtful, target_percent)
        for name, (m, lo, hi) in intervals.items():
            row |= {f"{name}_mean": m, f"{name}_ci_low": lo, f"{name}_ci_high": hi}
        rows.append(row)
    return pd.DataFrame(rows)


def _label(mean: float, high: float, doubtful: int, target_percent: float) -> str:
    if doubtful:
        return "unstable"
    return "converged" if high - mean <= target_percent / 100 * abs(mean) else "capped"
