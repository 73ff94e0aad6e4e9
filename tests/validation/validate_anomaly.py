"""How often the detector of anomalies is right, on made-up curves (docs/validation.md).

Usage: PYTHONPATH=scripts:tests python tests/validation/validate_anomaly.py [curves a line] [seed]
"""

import sys

import numpy as np
from helpers import pingpong_curves as made

from vcperf.analysis import anomaly

NOISES = ("normal", "heavy", "outliers")
STEPS = (0.0, 0.1, 0.3, 1.0, 3.0, -0.3)
HEIGHTS = (15, 20, 30, 50)
BUMP_AT = 16384


def clean(chance, curves, sizes, blocks, kind, shape):
    """Share of curves without a bump of which one is said."""
    false = 0
    for _ in range(curves):
        log = made.noise(chance, blocks, kind, sizes=sizes)
        found = anomaly.find(made.table(made.CLEAN[shape](chance, sizes), log, sizes))
        false += (found["kind"] == "bump").any()
    return false / curves


def bumped(chance, curves, sizes, blocks, kind, percent, at=(BUMP_AT,)):
    """Shares of curves whose bump is found, of those with another too, of intervals that hold."""
    hits = others = held = 0
    for number in range(curves):
        log = made.noise(chance, blocks, kind, sizes=sizes) + made.bump(percent, *at, sizes=sizes)
        latency = made.law(chance, STEPS[number % len(STEPS)], sizes)
        found = anomaly.find(made.table(latency, log, sizes))
        bumps = found[found["kind"] == "bump"].set_index("message_bytes")
        hits += set(at) <= set(bumps.index)
        others += bool(set(bumps.index) - set(at))
        if BUMP_AT in bumps.index:
            held += bumps.loc[BUMP_AT, "low"] <= percent <= bumps.loc[BUMP_AT, "high"]
    return hits / curves, others / curves, held / max(hits, 1)


def stepped(chance, curves, sizes, blocks, kind, step):
    """Shares of curves whose step at 65536 is found at that very size, and with another."""
    right = others = 0
    for _ in range(curves):
        log = made.noise(chance, blocks, kind, sizes=sizes)
        found = anomaly.find(made.table(made.law(chance, step, sizes), log, sizes))
        places = set(found.loc[found["kind"] == "step", "message_bytes"])
        right += 65536 in places
        others += bool(places - {65536})
    return right / curves, others / curves


def main(curves=1000, seed=1):
    chance = np.random.default_rng(seed)
    print(f"{curves} curves a line, seed {seed}; percent of curves")
    for sizes in (made.SIZES, made.CAMPAIGN_SIZES):
        for blocks in (3, 5, 10):
            for kind in NOISES:
                of(chance, curves, sizes, blocks, kind)


def of(chance, curves, sizes, blocks, kind):
    """Prints the rates of one list of sizes, number of blocks and kind of noise."""
    print(f"{len(sizes)} sizes, {blocks} blocks, {kind}: false bumps", end="")
    for shape in made.CLEAN:
        if shape not in made.MEASURED or len(sizes) == len(made.CAMPAIGN_SIZES):
            false = clean(chance, curves, sizes, blocks, kind, shape)
            print(f", {shape} {100 * false:.1f}", end="")
    print(flush=True)
    for percent in HEIGHTS:
        hits, others, held = bumped(chance, curves, sizes, blocks, kind, percent)
        print(f"    bump +{percent} %: found {100 * hits:.1f}, ", end="")
        print(f"another {100 * others:.1f}, in interval {100 * held:.1f}", flush=True)
    wide, *_ = bumped(chance, curves, sizes, blocks, kind, 30, (BUMP_AT // 2, BUMP_AT))
    print(f"    bump +30 % two sizes wide: both found {100 * wide:.1f}", flush=True)
    for step in (0, 0.3, 1.0):
        right, others = stepped(chance, curves, sizes, blocks, kind, step)
        print(f"    step +{100 * step:.0f} %: found {100 * right:.1f}, ", end="")
        print(f"another {100 * others:.1f}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
