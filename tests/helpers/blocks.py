"""Made-up tables of blocks."""

import numpy as np
import pandas as pd

from vcperf.kinds.netperf import METRICS


def started(block):
    """When a block began, as tables say it: a minute after the one before."""
    return f"2026-01-01T{block // 60:02d}:{block % 60:02d}:00.000+00:00"


def cell(values, pinning="config1", path="vc00->c010", size=1024, **columns):
    """The blocks of one cell as rows of results/tables/netperf.csv."""
    sender, receiver = path.split("->")
    return [
        {
            "testbed": "netns",
            "platform": "Linux 6.1 in network namespaces",
            "pinning": pinning,
            "path": path,
            "sender": sender,
            "receiver": receiver,
            "test": "TCP_STREAM",
            "message_bytes": size,
            "streams": "1",
            "load": "none",
            "shared_cpus": "no",
            "block": block,
            "started": started(block),
            "status": "ok",
            **dict.fromkeys(METRICS, np.nan),
            "throughput_mbps": value,
            **columns,
        }
        for block, value in enumerate(values, start=1)
    ]


def table(*cells):
    return pd.DataFrame([row for rows in cells for row in rows])


def scattered(mean, count=5, percent=1.0, seed=1):
    """Blocks around a mean, which they have exactly."""
    noise = np.random.default_rng(seed).normal(size=count)
    noise -= noise.mean()
    return list(mean * (1 + percent / 100 * noise))


def by_size(means, count, noise=1.0, seed=0):
    """The blocks of one cell per mean; their message sizes are 1, 2, ..."""
    return table(
        *(
            cell(scattered(mean, count, noise, seed + size), size=size)
            for size, mean in enumerate(means, start=1)
        )
    )


def by_pinning(values_of, **columns):
    """The blocks of a path a->b at 100 and 1000 bytes, alike at both; pinning -> values."""
    return table(
        *(
            cell(values, pinning, "a->b", size, **columns)
            for pinning, values in values_of.items()
            for size in (100, 1000)
        )
    )
