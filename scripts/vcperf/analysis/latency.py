"""The MPI tables over their blocks: latency by size, our program against IMB's, and what EP
loses beside it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from vcperf.analysis import anomaly, doubts, effects, settings
from vcperf.analysis.anomaly import CURVE
from vcperf.analysis.intervals import assumption, mean_interval, median_interval
from vcperf.tables.columns import MEDIANS

LATENCY_CELL = [*CURVE, "path", "message_bytes", "shared_cpus"]
LATENCY = [
    *LATENCY_CELL,
    *("latency_us", "ci_low", "ci_high", "bandwidth_mbytes_per_s"),
    *MEDIANS,
    *("blocks", "doubtful", "why", "assumes", "platform", *doubts.ORIGINS.values()),
    *settings.PINS,
]
PROGRAMS_CELL = ["testbed", "pinning", "path", "stack", "load", "message_bytes"]
OURS, IMB = "pingpong", "IMB-MPI1"
PROGRAMS = [
    *PROGRAMS_CELL,
    *("ratio", "ratio_low", "ratio_high"),
    *("pingpong_us", "imb_us", "blocks", "imb_blocks", "doubtful", "why"),
    *("platform", "shared_cpus"),
]
EP_CELL = ["testbed", "pinning", "stack", "program", "class", "processes"]
SLOWDOWN = [
    *EP_CELL,
    *("alone_mops", "alone_ci_low", "alone_ci_high"),
    *("pingpong_mops", "pingpong_ci_low", "pingpong_ci_high"),
    *("kept_percent", "kept_ci_low", "kept_ci_high"),
    *MEDIANS,
    *("blocks", "doubtful", "why", "assumes", "platform", *doubts.ORIGINS.values()),
    "shared_cpus",
]
TARGET = 2.5  # percent, the default's


def tables(
    found: Mapping[str, pd.DataFrame], points: Mapping[str, int], target_percent: float = TARGET
) -> dict[str, pd.DataFrame]:
    """The summaries of the ping-pong and of EP.

    Args:
        found: the tables pingpong and ep.
        points: the configuration's own points, name -> bytes; A and B are those of a curve
            without an anomaly, where it has both.
        target_percent: see `vcperf.analysis.doubts.why`.
    """
    default = (points["A"], points["B"]) if {"A", "B"} <= set(points) else anomaly.DEFAULT_POINTS
    blocks = found["pingpong"]
    anomalies = anomaly.find(blocks)
    return {
        "pingpong_summary": summarise(blocks, target_percent),
        "pingpong_programs": programs(blocks, target_percent),
        "ep_summary": slowdown(found["ep"], target_percent),
        "anomalies": anomalies,
        "points": anomaly.points(blocks, anomalies, default),
    }


def summarise(blocks: pd.DataFrame, target_percent: float = TARGET) -> pd.DataFrame:
    """One row per curve and size.

    Args:
        blocks: results/tables/pingpong.csv.

    Returns LATENCY_CELL; mean, 95 % interval of latency_us and mean of
    bandwidth_mbytes_per_s over the blocks; median of latency_us and its interval; `blocks`,
    `doubtful` (how many were not ok), `why` the cell is doubtful (`vcperf.analysis.doubts.why`),
    `assumes` (`vcperf.analysis.intervals.assumption`) and `platform`.
    """
    rows = []
    for cell, group in blocks.groupby(LATENCY_CELL, sort=False):
        ordered = doubts.in_order(group)
        values = ordered["latency_us"].to_numpy(float)
        mean, low, high = mean_interval(values)
        row = dict(zip(LATENCY_CELL, cell, strict=True))
        row |= {"latency_us": mean, "ci_low": low, "ci_high": high}
        row |= dict(zip(MEDIANS, median_interval(values), strict=True))
        row["why"] = doubts.why(ordered, values, target_percent)
        row |= doubts.origins(group)
        row["bandwidth_mbytes_per_s"] = group["bandwidth_mbytes_per_s"].mean()
        row |= {"blocks": len(group), "doubtful": int((group["status"] != "ok").sum())}
        row["assumes"] = assumption(len(group))
        row["platform"] = doubts.joined(group["platform"])
        row |= settings.of_pins(group)
        rows.append(row)
    return pd.DataFrame(rows, columns=LATENCY)


def programs(blocks: pd.DataFrame, target_percent: float = TARGET) -> pd.DataFrame:
    """Our ping-pong held against IMB-MPI1: one row per cell that both have measured.

    Args:
        blocks: results/tables/pingpong.csv.

    Returns PROGRAMS: the ratio of our mean latency to IMB's with its 95 % interval
    (`vcperf.analysis.effects.ratio`), both means in us, the blocks of each, and how many of all
    were `doubtful` (not ok), and `why` one of both cells is.
    """
    rows = []
    for cell, group in blocks.groupby(PROGRAMS_CELL, sort=False):
        sides = [doubts.in_order(group[group["program"] == name]) for name in (OURS, IMB)]
        ours, theirs = (side["latency_us"].to_numpy(float) for side in sides)
        if not len(ours) or not len(theirs):
            continue
        reasons = [
            doubts.why(side, values, target_percent)
            for side, values in zip(sides, (ours, theirs), strict=True)
        ]
        effect = effects.ratio(doubts.sample(ours, reasons[0]), doubts.sample(theirs, reasons[1]))
        row = dict(zip(PROGRAMS_CELL, cell, strict=True))
        row |= {"ratio": 1 + effect.percent / 100, "ratio_low": 1 + effect.low / 100}
        row |= {"ratio_high": 1 + effect.high / 100}
        row |= {"pingpong_us": ours.mean(), "imb_us": theirs.mean()}
        row |= {"blocks": len(ours), "imb_blocks": len(theirs)}
        row |= {"doubtful": int((group["status"] != "ok").sum())}
        row["why"] = doubts.joined(filter(None, reasons))
        row["platform"] = doubts.joined(group["platform"])
        row["shared_cpus"] = "yes" if (group["shared_cpus"] == "yes").any() else "no"
        rows.append(row)
    return pd.DataFrame(rows, columns=PROGRAMS)


def slowdown(blocks: pd.DataFrame, target_percent: float = TARGET) -> pd.DataFrame:
    """What EP loses while the ping-pong runs: one row per stack, program and pinning.

    Args:
        blocks: results/tables/ep.csv.

    Returns EP_CELL; mean and 95 % interval of Mop/s alone and beside the ping-pong; and of
    their ratio, each block's own, in percent of the speed alone (`kept_percent`): the two
    phases of a block follow each other, so what slows a block slows both. `median` and its
    interval are of that ratio.
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
        ratios = pd.Series(kept).to_numpy(float)
        row |= dict(zip(names, mean_interval(ratios), strict=True))
        row |= dict(zip(MEDIANS, median_interval(ratios), strict=True))
        row["why"] = doubts.why(group, ratios, target_percent)
        row |= doubts.origins(group)
        row["shared_cpus"] = "yes" if "yes" in set(group.get("shared_cpus", ())) else "no"
        row |= {"blocks": len(phases), "doubtful": int((group["status"] != "ok").sum())}
        row["assumes"] = assumption(len(phases))
        row["platform"] = doubts.joined(group["platform"])
        rows.append(row)
    return pd.DataFrame(rows, columns=SLOWDOWN)
