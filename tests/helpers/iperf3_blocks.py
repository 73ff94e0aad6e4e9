"""Made-up tables of iperf3's blocks."""

import numpy as np
import pandas as pd

from helpers.blocks import started
from vcperf.kinds.iperf3 import METRICS


def cell(values, **columns):
    """The blocks of one cell as rows of results/tables/iperf3.csv: what each received."""
    named = {"testbed": "netns", "pinning": "config1", "path": "vc00->c000", "protocol": "TCP"}
    named |= {"mode": "forward", "direction": "forward", "streams": "1", "message_bytes": 16384}
    named |= {"sender": "vc00", "receiver": "c000", "threads": 1, "shared_cpus": "no"}
    named |= {"platform": "Linux 6.1 in network namespaces", "status": "ok"}
    return [
        {
            **named,
            "block": block,
            "started": started(block),
            **dict.fromkeys(METRICS, np.nan),
            "received_mbps": value,
            "sent_mbps": value * 1.5,
            **columns,
        }
        for block, value in enumerate(values, start=1)
    ]


def table(*cells):
    return pd.DataFrame([row for rows in cells for row in rows])
