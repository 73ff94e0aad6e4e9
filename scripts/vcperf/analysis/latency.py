"""The MPI tables over their blocks: latency by size, our program against IMB's, and what EP
loses beside it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from vcperf.analysis import anomaly, effects, settings
from vcperf.analysis.anomaly import CURVE
from vcperf.analysis.intervals import assumption, mean_interval
from vcperf.analysis.summary import in_order

LATENCY_CELL = [*CURVE, "path", "message_bytes", "shared_cpus"]
LATENCY = [
    *LATENCY_CELL,
    *("latency_us", "ci_low", "ci_high", "bandwidth_mbytes_per_s"),
    *("blocks", "doubtful", "assumes", "platform", *settings.PINS),
]
PROGRAMS_CELL = ["testbed", "pinning", "path", "stack", "load", "message_bytes"]
OURS, IMB = "pingpong", "IMB-MPI1"
PROGRAMS = [
    *PROGRAMS_CELL,
    *("ratio", "ratio_low", "ratio_high"),
    *("pingpong_us", "imb_us", "blocks", "imb_blocks", "doubtful"),
    *("platform", "shared_cpus"),
]
EP_CELL = ["testbed", "pinning", "stack", "program", "class", "processes"]
SLOWDOWN = [
    *EP_CELL,
    *("alone_mops", "alone_ci_low", "alone_ci_high"),
    *("pingpong_mops", "pingpong_ci_low", "pingpong_ci_high"),
    *("kept_percent", "kept_ci_low", "kept_ci_high"),
    *("blocks", "doubtful", "assumes", "platform"),
]


def tables(found: Mapping[str, pd.DataFrame], points: Mapping[str, int]) -> dict[str, pd.DataFrame]:
    """The summaries of the ping-pong and of EP.

    Args:
        found: the tables pingpong and ep.
        points: the configuration's own points, name -> bytes; A and B are those of a curve
            without an anomaly, where it has both.
    """
    default = (points["A"], points["B"]) if {"A", "B"} <= set(points) else anomaly.DEFAULT_POINTS
    blocks = found["pingpong"]
    anomalies = anomaly.find(blocks)
    return {
        "pingpong_summary": summarise(blocks),
        "pingpong_programs": programs(blocks),
        "ep_summary": slowdown(found["ep"]),
        "anomalies": anomalies,
        "points": anomaly.points(blocks, anomalies, default),
    }


def summarise(blocks: pd.DataFrame) -> pd.DataFrame:
    """One row per curve and size.

    Args:
        blocks: results/tables/pingpong.csv.

    Returns LATENCY_CELL; mean, 95 % interval of latency_us and mean of
    bandwidth_mbytes_per_s over the blocks; `blocks`, `doubtful` (how many were not ok),
    `assumes` (`vcperf.analysis.intervals.assumption`) and `platform`.
    """
    rows = []
    for cell, group in blocks.groupby(LATENCY_CELL, sort=False):
        mean, low, high = mean_interval(in_order(group)["latency_us"].to_numpy(float))
        row = dict(zip(LATENCY_CELL, cell, strict=True))
        row |= {"latency_us": mean, "ci_low": low, "ci_high": high}
        row["bandwidth_mbytes_per_s"] = group["bandwidth_mbytes_per_s"].mean()
        row |= {"blocks": len(group), "doubtful": int((group["status"] != "ok").sum())}
        row["assumes"] = assumption(len(group))
        row["platform"] = "; ".join(sorted(set(group["platform"])))
        row |= settings.of_pins(group)
        rows.append(row)
    return pd.DataFrame(rows, columns=LATENCY)


def programs(blocks: pd.DataFrame) -> pd.DataFrame:
    """Our ping-pong held against IMB-MPI1: one row per cell that both have measured.

    Args:
        blocks: results/tables/pingpong.csv.

    Returns PROGRAMS: the ratio of our mean latency to IMB's with its 95 % interval
    (`vcperf.analysis.effects.ratio`), both means in us, the blocks of each, and how many of all
    were `doubtful` (not ok).
    """
    rows = []
    for cell, group in blocks.groupby(PROGRAMS_CELL, sort=False):
        ours, theirs = (
            in_order(group[group["program"] == name])["latency_us"].to_numpy(float)
            for name in (OURS, IMB)
        )
        if not len(ours) or not len(theirs):
            continue
        effect = effects.ratio(ours, theirs)
        row = dict(zip(PROGRAMS_CELL, cell, strict=True))
        row |= {"ratio": 1 + effect.percent / 100, "ratio_low": 1 + effect.low / 100}
        row |= {"ratio_high": 1 + effect.high / 100}
        row |= {"pingpong_us": ours.mean(), "imb_us": theirs.mean()}
        row |= {"blocks": len(ours), "imb_blocks": len(theirs)}
        row |= {"doubtful": int((group["status"] != "ok").sum())}
        row["platform"] = "; ".join(sorted(set(group["platform"])))
        row["shared_cpus"] = "yes" if (group["shared_cpus"] == "yes").any() else "no"
        rows.append(row)
    return pd.DataFrame(rows, columns=PROGRAMS)


def slowdown(blocks: pd.DataFrame) -> pd.DataFrame:
    """What EP loses while the ping-pong runs: one row per stack, program and pinning.

    Args:
        blocks: results/tables/ep.csv.

    Returns EP_CELL; mean and 95 % interval of Mop/s alone and beside the ping-pong; and of
    their ratio, each block's own, in percent of the speed alone (`kept_percent`): the two
    phases of a block follow each other, so what slows a block slows both.
    """
    rows = []
    for cell, group in blocks.groupby(EP_CELL, sort=False):
        phases = group.pivot_table(index="block", columns="phase", values="mops")
        row = dict(zip(EP_CELL, cell, strict=True))
        for phase in ("alone", "pingpong"):
            values = phases.get(phase, pd.Series(dtype=float)).to_numpy(float)
            names = (f"{phase}_mops", f"{phase}_ci_low", f"{phase}_ci_high")
            row |= dict(zip(names, mean_interval(values), strict=True))
        kept = 100 * phases.get("pingpong", float("nan")) / phases.get("alone", float("nan"))
        names = ("kept_percent", "kept_ci_low", "kept_ci_high")
        row |= dict(zip(names, mean_interval(pd.Series(kept).to_numpy(float)), strict=True))
        row |= {"blocks": len(phases), "doubtful": int((group["status"] != "ok").sum())}
        row["assumes"] = assumption(len(phases))
        row["platform"] = "; ".join(sorted(set(group["platform"])))
        rows.append(row)
    return pd.DataFrame(rows, columns=SLOWDOWN)
