"""Made-up ping-pong curves, by the laws they must be told from."""

import numpy as np
import pandas as pd

SIZES = np.array([0, *(2**power for power in range(23))])
CAMPAIGN_SIZES = np.array([1, 64, *(2**power for power in range(9, 19))])  # the default's
NAMES = {"testbed": "t", "pinning": "p", "stack": "mpich", "program": "imb", "load": "none"}

# Latencies of network namespaces on one host at CAMPAIGN_SIZES, in us: medians of three blocks.
REAL = {
    "mpich": [11.5, 11.5, 33.6, 33.4, 33.4, 33.3, 35.0, 69.4, 138, 275, 664, 2101],
    "openmpi": [14.7, 14.4, 14.5, 14.5, 19.8, 19.8, 34.7, 69.0, 137, 276, 675, 1806],
    "openmpi beside ep": [15.1, 15.0, 15.6, 14.9, 21.2, 21.0, 34.7, 69.3, 138, 281, 693, 1805],
}
# The same on a busy host. Small messages bend: a step, after which the latency sinks a little.
BENDING = {
    "mpich": [17.0, 17.4, 43.1, 39.0, 37.3, 36.1, 39.9, 69.4, 137.9, 282.6, 765.1, 2041.8],
    "openmpi": [16.7, 17.0, 17.1, 20.1, 23.0, 22.0, 34.7, 69.0, 137.5, 277.1, 697.2, 1888.1],
    "openmpi beside ep": [19.0, 20.4, 17.8, 22.5, 33.5, 30.4, 37.2, 70.0, 143, 283, 721, 1907],
    "mpich beside ep": [13.2, 13.6, 40.1, 37.5, 39.6, 35.8, 35.9, 72.2, 142.5, 282.6, 708.8, 2062],
}


def law(chance, step=0.0, sizes=SIZES, at=65536):
    """Latency in us of sizes: a + b * size; from `at` bytes on a rendezvous, `step` higher.

    `step` is relative, half of it a longer start-up and half a slower byte.
    """
    a, b = chance.uniform(1, 80), 1 / chance.uniform(100, 5000)  # us; us a byte
    latency = a + b * sizes
    slower = step / 2
    late = (1 + slower) * latency + (step - slower) * (a + b * at)
    return np.where(sizes >= at, late, latency)


def stepped(chance, sizes):
    """A law with a step anywhere, of -30 to +300 %, or none."""
    return law(chance, chance.choice([-0.3, 0, 0.1, 0.3, 1, 3]), sizes, chance.choice(sizes[1:]))


def plateaus(chance, sizes):
    """Two steps up with two sizes between them, or before the first of them."""
    first = int(chance.integers(2, len(sizes) - 3))
    places = [2, first + 2] if chance.random() < 0.5 else [first, first + 2]
    latency = law(chance, 0, sizes)
    for place in places:
        latency[place:] *= 1 + chance.choice([0.1, 0.3, 1, 3])
    return latency


def hinge(chance, sizes):
    """max(constant, b * size), the bend anywhere."""
    bend = np.exp(chance.uniform(*np.log(sizes[[2, -2]])))
    return chance.uniform(1, 80) * np.maximum(1, sizes / bend)


def bent(chance, sizes):
    """a + b * size with b another from two sizes on, without a jump."""
    bends = np.sort(chance.choice(sizes[1:-1], 2, replace=False))
    slopes = 1 / np.exp(chance.uniform(np.log(100), np.log(5000), 3))
    parts = np.diff(np.clip(sizes[:, None], 0, [[0, *bends, np.inf]]), axis=1)
    return chance.uniform(1, 80) + parts @ slopes


def real(chance, sizes):
    """One of REAL; of CAMPAIGN_SIZES alone."""
    assert list(sizes) == list(CAMPAIGN_SIZES)
    return np.array(REAL[chance.choice(list(REAL))], dtype=float)


def bending(chance, sizes):
    """One of BENDING; of CAMPAIGN_SIZES alone."""
    assert list(sizes) == list(CAMPAIGN_SIZES)
    return np.array(BENDING[chance.choice(list(BENDING))], dtype=float)


CLEAN = {"step": stepped, "plateaus": plateaus, "hinge": hinge, "bent": bent}
CLEAN |= {"real": real, "bending": bending}
MEASURED = ("real", "bending")  # of CAMPAIGN_SIZES alone


def noise(chance, blocks, kind="normal", spread=0.05, sizes=SIZES):
    """Log factors, blocks x sizes: one common to each block, one a point.

    kind: normal; heavy (Student's t with 3 degrees of freedom, of the same deviation);
    outliers (one block of five, one at least, is up to 3 times slower at a third of its
    sizes, and as a whole).
    """
    shape = (blocks, len(sizes))
    common = chance.normal(0, spread, (blocks, 1))
    if kind == "heavy":
        return common + spread * chance.standard_t(3, shape) / 3**0.5
    points = common + chance.normal(0, spread, shape)
    if kind == "outliers":
        bad = max(1, blocks // 5)
        points[:bad] += chance.uniform(0, 1.1, (bad, 1))
        wild = chance.random((bad, len(sizes))) < 1 / 3
        points[:bad] += wild * chance.uniform(0, 1.1, (bad, len(sizes)))
    return points


def bump(percent, *at, sizes=SIZES):
    """Log factors of sizes: `percent` more at some."""
    return np.log1p(percent / 100) * np.isin(sizes, at)


def table(latency, log_factors, sizes=SIZES, **names):
    """results/tables/pingpong.csv of one curve."""
    blocks, _ = log_factors.shape
    values = latency * np.exp(log_factors)
    rows = pd.DataFrame(
        {
            "message_bytes": np.tile(sizes, blocks),
            "block": np.repeat(np.arange(1, blocks + 1), len(sizes)),
            "repetitions": 1000,
            "latency_us": values.ravel(),
        }
    )
    rows["bandwidth_mbytes_per_s"] = rows["message_bytes"] / rows["latency_us"]
    return rows.assign(**(NAMES | names))
