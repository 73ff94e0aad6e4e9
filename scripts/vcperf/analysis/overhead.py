"""What a testbed gives in terms of a baseline, cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vcperf.analysis import effects

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
    "platform",
    "baseline_platform",
    "shared_cpus",
]


def overhead(table: pd.DataFrame, baseline: str = "native") -> pd.DataFrame:
    """Ratio of means of each testbed to the baseline, with its 95 % interval.

    Args:
        table: blocks of several testbeds, as results/tables/netperf.csv has them.
        baseline: the testbed to compare with.

    Returns rows of COLUMNS, one for each cell that both the baseline and another testbed
    have: 1 is no overhead, 0.8 a fifth less throughput (or transactions). `doubtful`
    blocks, of both, are those that are not ok.
    """
    rows = []
    cells: dict[Any, pd.DataFrame] = dict(iter(table.groupby(["testbed", *CELL], sort=False)))
    for (testbed, *cell), group in cells.items():
        other = cells.get((baseline, *cell))
        if testbed == baseline or other is None:
            continue
        named = dict(zip(CELL, cell, strict=True))
        metric = "transactions_per_s" if str(named["test"]).endswith("RR") else "throughput_mbps"
        values, against = _known(group, metric), _known(other, metric)
        effect = effects.ratio(values, against)
        row = {"testbed": testbed, "baseline": baseline, **named, "metric": metric}
        row |= {"ratio": 1 + effect.percent / 100, "ratio_low": 1 + effect.low / 100}
        row |= {"ratio_high": 1 + effect.high / 100}
        row |= {"blocks": len(values), "baseline_blocks": len(against)}
        both = pd.concat([group, other])
        row |= {"doubtful": int((both["status"] != "ok").sum())}
        row |= {"platform": _ran_on(group), "baseline_platform": _ran_on(other)}
        row |= {"shared_cpus": "yes" if (both["shared_cpus"] == "yes").any() else "no"}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _known(group: pd.DataFrame, metric: str) -> NDArray[np.float64]:
    return group[metric].dropna().to_numpy(float)


def _ran_on(group: pd.DataFrame) -> str:
    return "; ".join(sorted(set(group["platform"])))
