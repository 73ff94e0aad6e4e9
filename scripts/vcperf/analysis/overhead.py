"""What a testbed gives in terms of a baseline, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vcperf.analysis import effects, intervals, settings, summary
from vcperf.kinds import netperf

CELL = ["pinning", "path", "test", "message_bytes"]
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
        found: the table netperf.
        baseline, target_percent: see `overhead`.
    """
    return {"overhead": overhead(found["netperf"], baseline, target_percent)}


def overhead(
    table: pd.DataFrame, baseline: str = "native", target_percent: float = 2.5
) -> pd.DataFrame:
    """Ratio of means of each testbed to the baseline, with its 95 % interval.

    Args:
        table: blocks of several testbeds, as results/tables/netperf.csv has them.
        baseline: the testbed to compare with.
        target_percent: see `vcperf.analysis.intervals.doubt`.

    Returns rows of COLUMNS, one for each cell that both the baseline and another testbed
    have: 1 is no overhead, 0.8 a fifth less throughput (or transactions). `doubtful`
    blocks, of both, are those that are not ok; `unstable` says `yes` where one of both cells
    would be labelled so in netperf_summary.csv.
    """
    rows = []
    cells: dict[Any, pd.DataFrame] = dict(iter(table.groupby(["testbed", *CELL], sort=False)))
    for (testbed, *cell), group in cells.items():
        other = cells.get((baseline, *cell))
        if testbed == baseline or other is None:
            continue
        named = dict(zip(CELL, cell, strict=True))
        metric = netperf.metric_of(named)
        values, against = _known(group, metric), _known(other, metric)
        effect = effects.ratio(values, against)
        row = {"testbed": testbed, "baseline": baseline, **named, "metric": metric}
        row |= {"ratio": 1 + effect.percent / 100, "ratio_low": 1 + effect.low / 100}
        row |= {"ratio_high": 1 + effect.high / 100}
        row |= {"blocks": len(values), "baseline_blocks": len(against)}
        both = pd.concat([group, other])
        doubtful = int((both["status"] != "ok").sum())
        doubts = [intervals.doubt(blocks, target_percent) for blocks in (values, against)]
        row |= {"doubtful": doubtful, "unstable": "yes" if doubtful or any(doubts) else "no"}
        row |= {"platform": _ran_on(group), "baseline_platform": _ran_on(other)}
        row |= {"shared_cpus": "yes" if (both["shared_cpus"] == "yes").any() else "no"}
        row |= settings.of_pins(both)
        row |= {"settings_differ": settings.names(settings.between(other, group))}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _known(group: pd.DataFrame, metric: str) -> NDArray[np.float64]:
    return summary.in_order(group)[metric].dropna().to_numpy(float)


def _ran_on(group: pd.DataFrame) -> str:
    return "; ".join(sorted(set(group["platform"])))
