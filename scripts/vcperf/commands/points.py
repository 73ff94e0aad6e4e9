"""Picks points A and B for the profiles: the largest anomaly of the curves measured.

python -m vcperf points [CAMPAIGN.yaml]

They go to results/points.json, from where the next run takes them; without an anomaly the
configuration's own hold.
"""

import argparse
import os

from vcperf.analysis import anomaly
from vcperf.basics import results
from vcperf.basics.results import on_disk
from vcperf.config import campaign_file, files
from vcperf.errors import VcperfError
from vcperf.planning import choices
from vcperf.tables.read import read_table


def main(argv: list[str]) -> int:
    """Pick, and print what was picked. Returns 0. Raises VcperfError."""
    parser = argparse.ArgumentParser(prog="vcperf points", description=__doc__.splitlines()[0])
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN.yaml")
    sources = campaign_file.sources_of(parser.parse_args(argv).campaign)
    checked = campaign_file.checked(campaign_file.merged(sources), sources)
    results.place(checked.get(results.KEY))
    section = checked.get("profile", {}).get("pingpong")
    if section is None:
        key = ("profile", "pingpong")
        raise VcperfError(
            f"{files.where(key, sources)}: this campaign profiles no ping-pong, so there is no"
            " point to pick; add this section"
        )
    try:
        found = read_table(on_disk("results/tables/anomalies.csv"))
        points = read_table(on_disk("results/tables/points.csv"))
    except FileNotFoundError as error:
        raise VcperfError(f"{error.filename}: missing; run `make figures` first") from None
    picked = anomaly.largest(points, found, section["stacks"], section["load"])
    if picked is None:
        if os.path.exists(on_disk(choices.POINTS)):
            os.remove(on_disk(choices.POINTS))
        named = ", ".join(f"{name} {size}" for name, size in section["points"].items())
        print(f"points: no anomaly in these curves; the configuration's {named} bytes hold")
        return 0
    a, b = int(picked["a_bytes"]), int(picked["b_bytes"])
    choices.write({"A": a, "B": b}, choices.POINTS)
    curve = " ".join(str(picked[name]) for name in anomaly.CURVE)
    print(f"points: A {a}, B {b} bytes: the largest anomaly, of {curve}")
    return 0
