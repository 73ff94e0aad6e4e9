"""What a testbed gives in terms of a baseline, cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vcperf.analysis import effects
from vcperf.errors import VcperfError

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
]


def overhead(table: pd.DataFrame, baseline: str = "native") -> pd.DataFrame:
    """Ratio of means of each testbed to the baseline, with its 95 % interval.

    Args:
        table: blocks of several testbeds, as results/tables/netperf.csv has them.
        baseline: one of its testbeds.

    Returns rows of COLUMNS, one for each cell of every other testbed: 1 is no overhead,
    0.8 a fifth less throughput (or transactions). A cell that the baseline lacks has no
    ratio and 0 baseline blocks. Raises VcperfError when the baseline is not in the table.
    """
    testbeds = list(table["testbed"].unique())
    if baseline not in testbeds:
        raise VcperfError(f"testbed {baseline}: not in the table, which has {', '.join(testbeds)}")
    rows = []
    cells: dict[Any, pd.DataFrame] = dict(iter(table.groupby(["testbed", *CELL], sort=False)))
    for (testbed, *cell), group in cells.items():
        if testbed == baseline:
            continue
        named = dict(zip(CELL, cell, strict=True))
        metric = "transactions_per_s" if str(named["test"]).endswith("RR") else "throughput_mbps"
        other = cells.get((baseline, *cell))
        values = _known(group, metric)
        against = np.array([]) if other is None else _known(other, metric)
        effect = effects.ratio(values, against)
        row = {"testbed": testbed, "baseline": baseline, **named, "metric": metric}
        row |= {"ratio": 1 + effect.percent / 100, "ratio_low": 1 + effect.low / 100}
        row |= {"ratio_high": 1 + effect.high / 100}
        rows.append(row | {"blocks": len(values), "baseline_blocks": len(against)})
    return pd.DataFrame(rows, columns=COLUMNS)


def _known(group: pd.DataFrame, metric: str) -> NDArray[np.float64]:
    return group[metric].dropna().to_numpy(float)
