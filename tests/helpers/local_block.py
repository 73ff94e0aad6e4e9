"""Blocks on this machine by hand, with the real programs or with others in their place."""

import json
import os
import subprocess
from pathlib import Path

from helpers.checkout import ROOT
from helpers.plans import plan_of
from vcperf import testbeds
from vcperf.preparation.hosts import host_of
from vcperf.running import host_lock

MEASURE = ("python3", "-S", "-m", "vcperf.measure.netperf")
ONE_CELL = {
    "blocks": 1,
    "pingpong": None,
    "bandwidth": None,
    "profile": None,
    "netperf": {"paths": {"config1": ["vc00->c010"], "config2": None}, "message_bytes": [16384]},
}


def spec_of(testbed: str, **changes) -> dict:
    """The spec of a short block of netperf, changed."""
    plan = plan_of({"testbed": testbed, **ONE_CELL}, host_of(testbed, (0, 1)))
    block = plan.blocks[0]
    return {**json.loads(block.spec_json), "duration_s": 1, "warmup_s": 0, **changes}


def argv_of(spec: dict, record: Path) -> list[str]:
    """The command line that measures a block."""
    isolate = str(ROOT / "scripts/isolate")
    return [isolate, spec["testbed"], *MEASURE, json.dumps(spec), str(record)]


def environment(programs: Path | None = None) -> dict[str, str]:
    """Of a block that waits for nobody: what it measures is of no interest.

    Args:
        programs: a folder of programs that are found before those of this machine.
    """
    path = os.environ["PATH"] if programs is None else f"{programs}:{os.environ['PATH']}"
    return {**os.environ, host_lock.NODE_LOCKED: "1", "PATH": path}


def run(spec: dict, record: Path, programs: Path | None = None, timeout_s: float = 120):
    """Measure a block; its exit status and what it printed."""
    return subprocess.run(
        argv_of(spec, record),
        env=environment(programs),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def standin(folder: Path, name: str, *lines: str) -> Path:
    """A shell script in place of a program; REAL in its lines is the program itself.

    Returns the folder, for `run`.
    """
    folder.mkdir(exist_ok=True)
    real = subprocess.run(
        ["sh", "-c", f"command -v {name}"],
        env={**os.environ, "PATH": f"{os.environ['PATH']}:{ROOT}/.tools/usr/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    script = "\n".join(["#!/bin/sh", *lines, ""]).replace("REAL", real)
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)
    return folder


def fault_of(testbed: str) -> str:
    """Why this machine cannot have a testbed; empty when it can."""
    return testbeds.find(testbed, by_ssh=False).host_fault()
