"""What the workflow costs beyond netperf or iperf3: N measurements through Snakemake against the
same N in a plain shell loop on the same path, on this host, in turns.

    python -m vcperf benchmark [--tool iperf3] [--blocks N] [--duration S] [--rounds R]

Prints for each the wall time, the overhead per block (wall time less N times the duration,
the workflow's start and its tables left out) with and without the warm-up, and the ratio
of the two. The workflow does not wait for a quiet host here, nor measure a disturbed block again.
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

# A tool's warm-up: iperf3's is part of its run, in whole seconds, so it does without here.
WARMUP_S = {"netperf": 0.05, "iperf3": 0}


def main(argv: list[str]) -> int:
    """Run both in turns and print what they took. Returns 0."""
    parser = argparse.ArgumentParser(prog="vcperf benchmark", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--tool", choices=WARMUP_S, default="netperf", help="what measures (netperf)"
    )
    parser.add_argument("--blocks", type=int, default=41, help="measurements each (41)")
    parser.add_argument("--duration", type=int, default=1, help="seconds of a measurement (1)")
    parser.add_argument("--rounds", type=int, default=3, help="how often, in turns (3)")
    options = parser.parse_args(argv)
    tool, blocks, duration = options.tool, options.blocks, options.duration
    workflow, loop = [], []
    print(f"{blocks} measurements of {duration} s by {tool}, {options.rounds} rounds")
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            workflow.append(time_workflow(folder, tool, blocks, duration))
            loop.append(time_loop(folder, blocks))
    for name, walls in (("workflow", workflow), ("shell loop", loop)):
        wall = statistics.median(walls)
        print(
            f"{name:<12} wall {wall:7.2f} s (median of {' '.join(f'{w:.2f}' for w in walls)}),"
            f" overhead per block {(wall - blocks * duration) / blocks:.3f} s"
        )
    wall = statistics.median(workflow)
    print(
        f"workflow, without its warm-up of {WARMUP_S[tool]} s per block: overhead per block"
        f" {(wall - blocks * (duration + WARMUP_S[tool])) / blocks:.3f} s"
    )
    ratios = [mine / plain for mine, plain in zip(workflow, loop, strict=True)]
    print(f"ratio workflow / shell loop: {statistics.median(ratios):.3f}")
    return 0


def time_workflow(folder: str, tool: str, blocks: int, duration: int) -> float:
    """Seconds that Snakemake takes for the blocks of one cell, start-up aside: from one
    measurement's start to the next one's, as the records in the folder say."""
    for name in ("Snakefile", "rules", "scripts", "config", "profiles", "envs"):
        copy = shutil.copytree if (Path(ROOT) / name).is_dir() else shutil.copy2
        copy(Path(ROOT) / name, Path(folder, name))
    for name in (".venv", ".tools"):
        if (Path(ROOT) / name).exists():
            Path(folder, name).symlink_to(Path(ROOT) / name)
    section = {
        "paths": {"config1": ["vc00->c010"], "config2": None, "config3": None},
        "message_bytes": [16384],
        "duration_s": duration,
        "warmup_s": WARMUP_S[tool],
    }
    if tool == "iperf3":
        section["paths"] = {"config1": ["vc00->c010"]}
        section |= {"protocols": ["TCP"], "modes": ["forward"], "streams": [1]}
    campaign = {"blocks": blocks, "baseline": None, "netperf": None, tool: section}
    # What others on the host cost is no overhead of ours.
    campaign |= {"remeasure": 0, "quiet": {"wait_s": 0}}
    Path(folder, "campaign.yaml").write_text(yaml.safe_dump(campaign), encoding="utf-8")
    argv = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all"]
    argv += ["--configfile", "campaign.yaml", "--until", "measure"]
    argv += ["--", f"results/tables/{tool}.csv"]
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


def time_loop(folder: str, blocks: int) -> float:
    """Seconds that a shell loop of the tool takes in namespaces as one of the folder's blocks."""
    record = next(Path(folder, "results/raw").rglob("*.json"))
    testbed = json.loads(record.read_text(encoding="utf-8"))["spec"]["testbed"]
    argv = [f"{ROOT}/scripts/isolate", testbed, "python3", "-S"]
    argv += ["-m", "vcperf.commands.benchmark_loop", str(record), str(blocks)]
    done = subprocess.run(argv, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def _timed(argv: list[str], folder: str | Path) -> float:
    path = os.pathsep.join([os.environ["PATH"], *TOOL_FOLDERS])
    started = time.monotonic()
    subprocess.run(
        argv, cwd=folder, check=True, env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL
    )
    return time.monotonic() - started
