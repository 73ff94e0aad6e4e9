"""What the workflow costs beyond netperf: N measurements through Snakemake against the
same N in a plain shell loop, on this host, in turns.

    python -m vcperf benchmark [--blocks N] [--duration S] [--rounds R]

Prints for each the wall time, the overhead a block (wall time less N times the duration,
the workflow's start and its tables left out) with and without the warm-up, and the ratio
of the two.
"""

import argparse
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from vcperf.basics.checkout import ROOT, TOOL_FOLDERS

PORT = "12999"
WARMUP_S = 0.05


def main(argv: list[str]) -> int:
    """Run both in turns and print what they took. Returns 0."""
    parser = argparse.ArgumentParser(prog="vcperf benchmark", description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=41, help="measurements each (41)")
    parser.add_argument("--duration", type=int, default=1, help="seconds of a measurement (1)")
    parser.add_argument("--rounds", type=int, default=3, help="how often, in turns (3)")
    options = parser.parse_args(argv)
    blocks, duration = options.blocks, options.duration
    workflow, loop = [], []
    print(f"{blocks} measurements of {duration} s, {options.rounds} rounds")
    for _ in range(options.rounds):
        workflow.append(time_workflow(blocks, duration))
        loop.append(time_loop(blocks, duration))
    for name, walls in (("workflow", workflow), ("shell loop", loop)):
        wall = statistics.median(walls)
        print(
            f"{name:<12} wall {wall:7.2f} s (median of {' '.join(f'{w:.2f}' for w in walls)}),"
            f" overhead a block {(wall - blocks * duration) / blocks:.3f} s"
        )
    wall = statistics.median(workflow)
    print(
        f"workflow, its warm-up of {WARMUP_S} s a block aside: overhead a block"
        f" {(wall - blocks * (duration + WARMUP_S)) / blocks:.3f} s"
    )
    ratios = [mine / plain for mine, plain in zip(workflow, loop, strict=True)]
    print(f"ratio workflow / shell loop: {statistics.median(ratios):.3f}")
    return 0


def time_workflow(blocks: int, duration: int) -> float:
    """Seconds that Snakemake takes for the blocks of one cell, start-up aside: from one
    measurement's start to the next one's, as the records tell."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("Snakefile", "rules", "scripts", "config", "profiles", "envs"):
            copy = shutil.copytree if (Path(ROOT) / name).is_dir() else shutil.copy2
            copy(Path(ROOT) / name, Path(folder, name))
        for name in (".venv", ".tools"):
            if (Path(ROOT) / name).exists():
                Path(folder, name).symlink_to(Path(ROOT) / name)
        campaign = {
            "blocks": blocks,
            "netperf": {
                "paths": {"config1": ["vc00->c010"], "config2": None, "config3": None},
                "message_bytes": [16384],
                "duration_s": duration,
                "warmup_s": WARMUP_S,
            },
        }
        Path(folder, "campaign.yaml").write_text(yaml.safe_dump(campaign), encoding="utf-8")
        argv = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all"]
        argv += ["--configfile", "campaign.yaml", "--until", "measure"]
        argv += ["--", "results/tables/netperf.csv"]
        _timed(argv, folder)
        starts = sorted(
            command["start"]
            for record in Path(folder, "results/raw").rglob("*.json")
            for command in json.loads(record.read_text(encoding="utf-8"))["commands"]
            if command["role"] == "measure"
        )
        # The median: after the first block Snakemake imports pandas, once, for 0.5 s.
        gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
        return float(statistics.median(gaps)) * blocks


def time_loop(blocks: int, duration: int) -> float:
    """Seconds that a shell loop of netperf takes against one netserver on loopback."""
    script = (
        'netserver -4 -D -L 127.0.0.1 -p "$1" >/dev/null & server=$!; '
        'until ss -Hltn "sport = :$1" | grep -q .; do :; done; '
        'for _ in $(seq "$2"); do netperf -4 -H 127.0.0.1 -p "$1" -l "$3" -- -m 16384 >/dev/null; '
        'done; kill "$server"'
    )
    return _timed(["bash", "-c", script, "loop", PORT, str(blocks), str(duration)], ROOT)


def _timed(argv: list[str], folder: str | Path) -> float:
    path = os.pathsep.join([os.environ["PATH"], *TOOL_FOLDERS])
    started = time.monotonic()
    subprocess.run(
        argv, cwd=folder, check=True, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL
    )
    return time.monotonic() - started
