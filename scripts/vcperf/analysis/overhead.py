"""What a testbed gives in terms of a baseline, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from vcperf.analysis import doubts, effects, link, settings
from vcperf.kinds import netperf

CELL = ["pinning", "path", "test", "message_bytes", *netperf.USUAL]
COLUMNS = [
    "testbed",
    "baseline",
    *CELL,
    "metric",
    "ratio",
    "ratio_low",
    "ratio_high",
    "blocks",
    "baseline_blocks",
    "doubtful",
    "unstable",
    "why",
    "meets_link",
    "platform",
    "baseline_platform",
    "shared_cpus",
    "shared_cores",
    "numa_crossed",
    "settings_differ",
]


def tables(
    found: Mapping[str, pd.DataFrame], baseline: str, target_percent: float
) -> dict[str, pd.DataFrame]:
    """The table of overheads: see `overhead`.

    Args:
        found: the table netperf, and bandwidth where the campaign has it.
        baseline, target_percent: see `overhead`.
    """
    blocks = link.mark(found["netperf"], found.get("bandwidth"))
    return {"overhead": overhead(blocks, baseline, target_percent)}


def overhead(
    table: pd.DataFrame, baseline: str = "native", target_percent: float = 2.5
) -> pd.DataFrame:
    """Ratio of means of each testbed to the baseline, with its 95 % interval.

    Args:
        table: blocks of several testbeds, results/tables/netperf.csv as
            `vcperf.analysis.link.mark` returns it.
        baseline: the testbed to compare with.
        target_percent: see `vcperf.analysis.doubts.why`.

    Returns rows of COLUMNS, one for each cell that both the baseline and another testbed
    have: 1 is no overhead, 0.8 a fifth less throughput (or transactions). `doubtful`
    blocks, of both, are those that are not ok; `unstable` says `yes` where one of both cells
    is labelled so in netperf_summary.csv, and `why` for which reasons; `meets_link` says `yes`
    where one of both meets the link between its nodes: then the ratio is a bound.
    """
    rows = []
    cells: dict[Any, pd.DataFrame] = dict(iter(table.groupby(["testbed", *CELL], sort=False)))
    for (testbed, *cell), group in cells.items():
        other = cells.get((baseline, *cell))
        if testbed == baseline or other is None:
            continue
        named = dict(zip(CELL, cell, strict=True))
        metric = netperf.metric_of(named)
        sides = [doubts.in_order(blocks) for blocks in (group, other)]
        values = [blocks[metric].dropna().to_numpy(float) for blocks in sides]
        reasons = [
            doubts.why(blocks, known, target_percent)
            for blocks, known in zip(sides, values, strict=True)
        ]
        one, against = (doubts.sample(*side) for side in zip(values, reasons, strict=True))
        effect = effects.ratio(one, against)
        row = {"testbed": testbed, "baseline": baseline, **named, "metric": metric}
        row |= {"ratio": 1 + effect.percent / 100, "ratio_low": 1 + effect.low / 100}
        row |= {"ratio_high": 1 + effect.high / 100}
        row |= {"blocks": len(values[0]), "baseline_blocks": len(values[1])}
        both = pd.concat([group, other])
        row |= {"doubtful": int((both["status"] != "ok").sum())}
        row |= {"unstable": "yes" if any(reasons) else "no"}
        row |= {"why": doubts.joined(filter(None, reasons)), "meets_link": link.of_either(both)}
        row |= {
            "platform": doubts.joined(group["platform"]),
            "baseline_platform": doubts.joined(other["platform"]),
        }
        row |= {"shared_cpus": "yes" if (both["shared_cpus"] == "yes").any() else "no"}
        row |= settings.of_pins(both)
        row |= {"settings_differ": settings.names(settings.between(other, group))}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)
