"""Blocks in real containers of podman, and what they must not leave."""

import os
from pathlib import Path

import pytest

from vcperf.testbeds.cgroups import ROOT as CGROUPS
from vcperf.testbeds.container_engine import STATE
from vcperf.testbeds.podman import GROUP, PodmanTestbed

FAULT = PodmanTestbed.host_fault()
needs_podman = pytest.mark.skipif(bool(FAULT), reason=f"podman: {FAULT}")


def mounts_of_ours() -> list[str]:
    """File systems of a block that the host's own mount namespace has."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if STATE in line]


def groups() -> list[str]:
    """Control groups of containers of ours."""
    below = [Path(CGROUPS), *(Path(CGROUPS, name) for name in os.listdir(CGROUPS))]
    return [str(path) for top in below for path in top.glob(f"{GROUP}-*")]


def of_podman() -> dict[int, str]:
    """Processes on this machine that podman has started: monitors, and runtimes."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            name = os.path.basename(words[0].decode(errors="replace"))
            if name in {"conmon", "podman", "runc", "crun"}:
                found[int(entry.name)] = b" ".join(words).decode(errors="replace")
    return found
