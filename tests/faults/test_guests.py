"""A guest of a Xen host that is destroyed while a block runs; the toolstack is a stand-in."""

import fcntl
import json

import pytest
from helpers import trials
from helpers.processes import PATIENCE_S, descendants, wait_until
from helpers.ssh_site import ONE_CELL, VCPUS, tell_xm, xm_state

from vcperf.config import files

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("measuring")]


def destroy(sshd, guest: str) -> None:
    """What `xm destroy` would do."""
    state = sshd.folder / "xm.json"
    with open(f"{state}.lock", "w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        content = json.loads(state.read_text())
        vcpus = content["vcpus"].items()
        content["vcpus"] = {key: vcpu for key, vcpu in vcpus if not key.startswith(f"{guest}/")}
        state.write_text(json.dumps(content))


@trials.of("guest")
def test_a_guest_that_is_destroyed(trial, site_without_lock, sshd, in_new_session):
    change = {"testbed": "xen", "netperf": {"duration_s": 2}}
    site, file = site_without_lock, "one.yaml"
    site.overlay(file, files.merge(ONE_CELL, change))
    campaign = site.start("results/figures/", configfile=file)
    in_new_session(campaign)

    def measuring():
        below = descendants(sshd.process.pid).values()
        return any(line.startswith("netperf ") for line in below)

    wait_until(measuring, "netperf running")
    destroy(sshd, "c000")
    assert campaign.wait(timeout=PATIENCE_S) == 1
    said = (site.folder / "campaign.log").read_text()
    missing = said.partition("1 of 1 blocks are missing\n  1: ")[2]
    trial.check(missing.partition("\n")[0])
    assert "Traceback" not in said and not site.records()
    left = {key: affinity for key, affinity in VCPUS.items() if not key.startswith("c000/")}
    assert xm_state(sshd)[0] == left, "the pins of the others are as before"

    tell_xm(sshd)
    again = site.snakemake("results/figures/", configfile=file)
    assert again.returncode == 0, again.stderr
    assert len(site.records()) == 1 and xm_state(sshd)[0] == VCPUS
