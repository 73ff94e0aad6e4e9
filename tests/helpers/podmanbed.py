"""Blocks in real containers of podman, and what they must not leave."""

import contextlib
import os
from pathlib import Path

import pytest

from vcperf.testbeds.cgroups import ROOT as CGROUPS
from vcperf.testbeds.container_engine import STATE
from vcperf.testbeds.container_testbed import GROUPS

needs_podman = pytest.mark.usefixtures("podman")


def mounts_of_ours() -> list[str]:
    """File systems of a block that the host's own mount namespace has."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if STATE in line]


def groups() -> list[str]:
    """Control groups of containers of ours that nobody is in."""
    below = [Path(CGROUPS), *(Path(CGROUPS, name) for name in os.listdir(CGROUPS))]
    found = [path for top in below for path in top.glob(f"{GROUPS}*")]
    return [str(path) for path in found if not any(map(_processes, path.glob("**/cgroup.procs")))]


def _processes(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def of_ours() -> list[str]:
    """Command lines of what still runs of a block: containers, their monitors, and runtimes."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if STATE in line or GROUPS in (entry / "cgroup").read_text():
                    found.append(line)
    return found
