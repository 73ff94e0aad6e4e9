"""Picks points A and B for the profiles: the largest anomaly of the curves measured.

python scripts/pick_points.py [CAMPAIGN.yaml]

They go to results/points.json, from where the next run takes them; without an anomaly the
configuration's own hold.
"""

import os
import sys

from vcperf import campaign, config, decided
from vcperf.analysis import anomaly
from vcperf.errors import VcperfError
from vcperf.tables.read import read_table

DEFAULT = "config/config.yaml"


def main(sources: list[str]) -> int:
    """Pick and say what was picked. Returns the exit status."""
    try:
        merged: config.Config = {}
        for source in sources:
            merged = config.merge(merged, config.read_yaml(source))
        section = campaign.checked(merged, sources).get("profile", {}).get("pingpong")
        if section is None:
            key = ("profile", "pingpong")
            raise VcperfError(f"{config.where(key, sources)}: not there, so points have no use")
        try:
            found = read_table("results/tables/anomalies.csv")
            points = read_table("results/tables/points.csv")
        except FileNotFoundError as error:
            raise VcperfError(f"{error.filename}: missing; measure a ping-pong first") from None
        picked = anomaly.largest(points, found, section["stacks"], section["load"])
        if picked is None:
            if os.path.exists(decided.POINTS):
                os.remove(decided.POINTS)
            named = ", ".join(f"{name} {size}" for name, size in section["points"].items())
            print(f"points: no anomaly in these curves; the configuration's {named} bytes hold")
            return 0
        a, b = int(picked["a_bytes"]), int(picked["b_bytes"])
        decided.write({"A": a, "B": b}, decided.POINTS)
        curve = " ".join(str(picked[name]) for name in anomaly.CURVE)
        print(f"points: A {a}, B {b} bytes: the largest anomaly, of {curve}")
    except VcperfError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main([DEFAULT, *sys.argv[1:]]))
