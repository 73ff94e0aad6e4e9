"""What Slurm costs: a campaign without it, in one job, and by a job of the front end, in turn.

    PYTHONPATH=scripts:tests .venv/bin/python tests/validation/validate_slurm.py [ROUNDS]

Needs what the tests on Slurm need (tests/helpers/slurm-cluster), and an otherwise idle machine.
Each way starts from nothing: 40 blocks of a second for `make slurm`, 20 in one job for `make jobs`.
Prints seconds, and ratios of medians. From those of `make slurm` the time from submission to the
job's start is taken away.
"""

import json
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import yaml
from helpers.checkout import Checkout
from helpers.slurm import Slurm, why_not

CAMPAIGN = {
    "inherit": False,
    "remeasure": 0,
    "quiet": {"wait_s": 0},
    "nodes": {
        "host": {
            "cpus": 2,
            "dom0": "dom0",
            "domains": {name: {"vcpus": 1} for name in ("dom0", "web", "db")},
        }
    },
    "pinnings": {"apart": {"host": {"dom0": 0, "web": 0, "db": 1}}},
}
WAYS = {
    "40 blocks, without": (40, ("make", "figures")),
    "40 blocks, make slurm": (40, ("make", "slurm", "SBATCH=--nodelist=node0")),
    "20 blocks, without": (20, ("make", "figures")),
    "20 blocks, make jobs": (20, ("make", "jobs", "NODES=node0", "BLOCKS=20")),
}
RATIOS = {
    "make slurm, at most 1.25": ("40 blocks, make slurm", "40 blocks, without"),
    "make jobs, at most 1.6": ("20 blocks, make jobs", "20 blocks, without"),
}


def seconds(slurm: Slurm, folder: Path, blocks: int, argv: tuple[str, ...]) -> float:
    """How long one way takes in an empty results folder, but for the start of a campaign's job."""
    checkout = Checkout(folder)
    netperf = {"paths": {"apart": ["web->db"]}, "message_bytes": [1024], "duration_s": 1}
    content = {**CAMPAIGN, "blocks": blocks, "netperf": netperf}
    (folder / "own.yaml").write_text(yaml.safe_dump(content))
    started, wall = time.monotonic(), time.time()
    slurm.run(*argv, "CAMPAIGN=own.yaml", folder=folder)
    took = time.monotonic() - started
    assert len(checkout.records()) == blocks
    if "slurm" in argv:
        job = slurm.run("sh", "-c", "scontrol show job --oneliner | tail -n 1")
        begun = re.search(r" StartTime=(\S+)", job).group(1)
        took -= max(0.0, time.mktime(time.strptime(begun, "%Y-%m-%dT%H:%M:%S")) - wall)
    return took


def main(rounds: int) -> None:
    """Measure all ways in turn, and print what they took."""
    if why_not():
        sys.exit(why_not())
    took: dict[str, list[float]] = {way: [] for way in WAYS}
    base = Path(tempfile.mkdtemp())
    slurm = Slurm(base)
    try:
        for number in range(rounds):
            for way, (blocks, argv) in WAYS.items():
                folder = base / f"{number}-{len(took[way])}-{list(WAYS).index(way)}"
                folder.mkdir()
                took[way].append(round(seconds(slurm, folder, blocks, argv), 1))
                print(json.dumps({way: took[way]}), flush=True)
    finally:
        slurm.stop()
        shutil.rmtree(base)
    for name, (with_slurm, without) in RATIOS.items():
        ratio = statistics.median(took[with_slurm]) / statistics.median(took[without])
        print(f"{name}: {ratio:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
