"""How often the detector of anomalies is right, on made-up curves (docs/method.md).

Usage: PYTHONPATH=scripts python tests/validate_anomaly.py [curves a line] [seed]
"""

import sys

import numpy as np
import pingpong_curves as made

from vcperf.analysis import anomaly

NOISES = ("normal", "heavy", "outliers")
STEPS = (0.0, 0.1, 0.3, 1.0, 3.0, -0.3)
HEIGHTS = (15, 20, 30, 50)
BUMP_AT = 16384


def clean(chance, curves, blocks, kind):
    """Shares of curves without a bump of which one is said, and of a step where none is."""
    bumps = steps = 0
    for number in range(curves):
        step = STEPS[number % len(STEPS)]
        found = anomaly.find(made.table(made.law(chance, step), made.noise(chance, blocks, kind)))
        bumps += (found["kind"] == "bump").any()
        places = found.loc[found["kind"] == "step", "message_bytes"]
        steps += not set(places) <= ({65536} if step else set())
    return bumps / curves, steps / curves


def bumped(chance, curves, blocks, kind, percent, sizes=(BUMP_AT,)):
    """Shares of curves whose bump is found, of those with another too, of intervals that hold."""
    hits = others = held = 0
    for number in range(curves):
        log = made.noise(chance, blocks, kind) + made.bump(percent, *sizes)
        found = anomaly.find(made.table(made.law(chance, STEPS[number % len(STEPS)]), log))
        bumps = found[found["kind"] == "bump"].set_index("message_bytes")
        hits += set(sizes) <= set(bumps.index)
        others += bool(set(bumps.index) - set(sizes))
        if BUMP_AT in bumps.index:
            held += bumps.loc[BUMP_AT, "low"] <= percent <= bumps.loc[BUMP_AT, "high"]
    return hits / curves, others / curves, held / max(hits, 1)


def stepped(chance, curves, blocks, kind, step):
    """Share of curves whose step at 65536 is found at that very size."""
    found = 0
    for _ in range(curves):
        table = made.table(made.law(chance, step), made.noise(chance, blocks, kind))
        rows = anomaly.find(table)
        found += 65536 in set(rows.loc[rows["kind"] == "step", "message_bytes"])
    return found / curves


def main(curves=1000, seed=1):
    chance = np.random.default_rng(seed)
    print(f"{curves} curves a line, seed {seed}; percent of curves")
    for blocks in (3, 5, 10):
        for kind in NOISES:
            false, steps = clean(chance, curves, blocks, kind)
            print(f"{blocks:2} blocks, {kind:8}: false bumps {100 * false:.1f}, ", end="")
            print(f"false steps {100 * steps:.1f}", flush=True)
            for percent in HEIGHTS:
                hits, others, held = bumped(chance, curves, blocks, kind, percent)
                print(f"    bump +{percent} %: found {100 * hits:.1f}, ", end="")
                print(f"another {100 * others:.1f}, in interval {100 * held:.1f}", flush=True)
            wide, _, _ = bumped(chance, curves, blocks, kind, 30, (BUMP_AT, 2 * BUMP_AT))
            print(f"    bump +30 % two sizes wide: both found {100 * wide:.1f}", flush=True)
            for step in (0.3, 1.0):
                right = stepped(chance, curves, blocks, kind, step)
                print(f"    step +{100 * step:.0f} %: found {100 * right:.1f}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
