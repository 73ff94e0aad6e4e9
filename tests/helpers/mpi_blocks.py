"""Blocks of the ping-pong measured by hand."""

import os
import subprocess

from helpers.config import DEFAULT, NO_NETPERF, pingpong_section
from helpers.plans import prepared
from vcperf.tools import mpi_stacks

LONG = {"message_bytes": [1], "repetitions": 1000000, "seconds": 60}


def pingpong_argv(checkout, monkeypatch, testbed="auto", clusters=None, **changes) -> list[str]:
    """The command line of the one block of a ping-pong, its programs compiled."""
    monkeypatch.chdir(checkout.folder)
    changed = {**NO_NETPERF, "testbed": testbed, "pingpong": pingpong_section(**changes)}
    changed["clusters"] = clusters or DEFAULT["clusters"]
    ready = prepared(checkout.overlay("mpi.yaml", changed))
    (only,) = ready.plan.blocks
    spec = only.cell.spec
    for name in ("pingpong", "ep"):
        program = mpi_stacks.program(spec["stack"], name)
        os.makedirs(os.path.dirname(program), exist_ok=True)
        source = f"scripts/workloads/mpi/{name}.c"
        there = [spec["stack"]["kind"], mpi_stacks.folder(spec["stack"]), "True"]
        subprocess.run(["scripts/compile-mpi", *there, source, program], check=True)
    monkeypatch.setenv("VCPERF_NODE_LOCKED", "1")
    module = ["python3", "-S", "-m", f"vcperf.measure.{only.cell.kind}"]
    return ["scripts/isolate", ready.hosts[0].testbed, *module, only.spec_json, "record.json"]


def one_line(run: subprocess.Popen | subprocess.CompletedProcess, said: str) -> str:
    """What a block that failed said, which is one line."""
    lines = said.strip().splitlines()
    assert run.returncode == 1 and len(lines) == 1 and "Traceback" not in said, said
    return lines[0]
