"""Profiles of domains by ssh, taken by hand."""

import json
import os
import subprocess

import pytest
from helpers.plans import prepared
from helpers.profile_by_ssh import CAMPAIGN
from helpers.ssh_site import but_waiting, tell_xm

from vcperf.config import files


@pytest.fixture
def told(sshd):
    """What the stand-ins were told, and a file that makes them refuse an option."""
    log, refuse = (sshd.folder / f"xm.json.{name}" for name in ("opcontrol", "refuse"))
    for file in (log, refuse):
        file.unlink(missing_ok=True)
    yield log, refuse
    refuse.unlink(missing_ok=True)


@pytest.fixture
def profile(site, sshd, monkeypatch):
    """Takes one profile by hand; returns what it said and, when it is there, its record."""

    def take(**changes):
        tell_xm(sshd)
        overlay = site.overlay("one.yaml", files.merge(CAMPAIGN, {"profile": changes}))
        monkeypatch.chdir(site.folder)
        blocks = prepared(overlay).plan.blocks
        (only,) = [block for block in blocks if block.cell.kind == "profile"]
        # The machine is locked by the test that runs, as by a campaign.
        monkeypatch.setenv("VCPERF_NODE_LOCKED", "1")
        module = ["python3", "-S", "-m", "vcperf.measure.profile"]
        argv = ["scripts/isolate", "xen", *module, only.spec_json, "record.json"]
        argv.append(os.environ["VCPERF_CONTEXT"])
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        there = site.folder / "record.json"
        return but_waiting(done.stderr), json.loads(there.read_text()) if there.exists() else None

    return take
