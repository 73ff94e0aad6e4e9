"""Made-up ping-pong curves, by the law they must be told from."""

import numpy as np
import pandas as pd

SIZES = np.array([0, *(2**power for power in range(23))])
NAMES = {"testbed": "t", "pinning": "p", "stack": "mpich", "program": "imb", "load": "none"}


def law(chance, step=0.0):
    """Latency in us of SIZES: a + b * size; from 65536 bytes on a rendezvous, `step` higher.

    `step` is relative, half of it a longer start-up and half a slower byte.
    """
    a, b = chance.uniform(1, 80), 1 / chance.uniform(100, 5000)  # us; us a byte
    latency = a + b * SIZES
    at = a + b * 65536
    slower = step / 2
    late = (1 + slower) * latency + (step - slower) * at
    return np.where(SIZES >= 65536, late, latency)


def noise(chance, blocks, kind="normal", spread=0.05):
    """Log factors, blocks x sizes: one common to each block, one a point.

    kind: normal; heavy (Student's t with 3 degrees of freedom, of the same deviation);
    outliers (one block of five, one at least, is up to 3 times slower at a third of its
    sizes, and as a whole).
    """
    common = chance.normal(0, spread, (blocks, 1))
    if kind == "heavy":
        return common + spread * chance.standard_t(3, (blocks, len(SIZES))) / 3**0.5
    points = common + chance.normal(0, spread, (blocks, len(SIZES)))
    if kind == "outliers":
        bad = max(1, blocks // 5)
        points[:bad] += chance.uniform(0, 1.1, (bad, 1))
        points[:bad] += (chance.random((bad, len(SIZES))) < 1 / 3) * chance.uniform(
            0, 1.1, (bad, len(SIZES))
        )
    return points


def bump(percent, *sizes):
    """Log factors of SIZES: `percent` more at `sizes`."""
    return np.log1p(percent / 100) * np.isin(SIZES, sizes)


def table(latency, log_factors, **names):
    """results/tables/pingpong.csv of one curve."""
    blocks, _ = log_factors.shape
    values = latency * np.exp(log_factors)
    rows = pd.DataFrame(
        {
            "message_bytes": np.tile(SIZES, blocks),
            "block": np.repeat(np.arange(1, blocks + 1), len(SIZES)),
            "repetitions": 1000,
            "latency_us": values.ravel(),
        }
    )
    rows["bandwidth_mbytes_per_s"] = rows["message_bytes"] / rows["latency_us"]
    return rows.assign(**(NAMES | names))
