"""Pins that campaigns changed are put back: each its own, whatever ends it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.checkout import ROOT
from helpers.processes import descendants, wait_until
from helpers.ssh_site import ONE_CELL, VCPUS, but_waiting, tell_xm, xm_state

from vcperf.config import files
from vcperf.testbeds import pins

pytestmark = pytest.mark.xdist_group("measuring")

BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
RESTORE = [sys.executable, "-m", "vcperf", "restore-pins"]
HOLD_ONE = """
import sys
from vcperf.testbeds import node_sessions
node_sessions.hold([{"ends": {}, "nodes": {"node0": {"ssh": "one"}}}], sys.argv[1])
"""
IDS = {"Domain-0": 0, "c000": 1}  # as the stand-in counts


def row(domain, vcpu, affinity):
    return {
        "domain": domain,
        "id": IDS[domain],
        "vcpu": vcpu,
        "hard_affinity": affinity,
        "soft_affinity": None,
    }


@pytest.fixture
def remembered(sshd, tmp_path, monkeypatch):
    """Writes a node's journal into the folder in which the test runs."""
    monkeypatch.chdir(tmp_path)
    tell_xm(sshd)

    def remember(host, *rows, boot=BOOT):
        pins.remember(host, "xm", str(sshd.ssh_config), boot, rows)

    return remember


def run(*argv):
    done = subprocess.run(argv, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, but_waiting(done.stderr)


def left():
    return sorted(os.listdir("results/pins"))


def test_a_campaign_puts_back_its_own_nodes_alone(sshd, remembered):
    for host in ("one", "two"):
        remembered(host, row("c000", 0, "1"))
    status, said = run(sys.executable, "-c", HOLD_ONE, str(sshd.ssh_config))
    assert status == 0 and left() == ["two.json"]
    assert said.splitlines() == [
        "pins of one put back: 1 VCPUs",
        "results/pins/two.json: pins of nodes that this campaign does not use; unless another"
        " uses them now, put them back with `make restore-pins`",
    ]
    assert run(*RESTORE) == (0, "pins of two put back: 0 VCPUs\n") and left() == []


def test_a_journal_that_goes_while_its_node_is_waited_for(remembered, in_new_session):
    remembered("one", row("c000", 0, "1"))
    hold = subprocess.Popen(
        ["flock", "/", "sh", "-c", "echo held; read -r _"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    in_new_session(hold)
    assert hold.stdout.readline() == "held\n"
    waits = subprocess.Popen(RESTORE, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    assert waits.stderr.readline().startswith("Waiting: another campaign is measuring on one")
    Path("results/pins/one.json").unlink()
    hold.communicate("\n")
    assert waits.stderr.read() == "pins of one: another campaign has put them back\n"
    assert waits.wait() == 0


def test_after_a_boot_there_is_nothing_to_put_back(sshd, remembered):
    """Domains that were made since may have the numbers of those in the journal."""
    remembered("one", row("c000", 0, "1"), boot="another")
    status, said = run(*RESTORE)
    assert status == 0 and "pins of one: it has booted since" in said
    assert left() == [] and xm_state(sshd)[0] == VCPUS


def test_a_journal_of_another_boot_begins_anew(sshd, remembered):
    remembered("one", row("c000", 0, "1"), boot="another")
    remembered("one", row("c000", 1, "1"))
    assert run(*RESTORE)[0] == 0
    assert xm_state(sshd)[1]["pinned"] == [["c000", "1", "1"]]


def test_what_cannot_be_put_back_is_named_and_the_rest_is(sshd, remembered):
    remembered("one", row("Domain-0", 0, "none"), row("c000", 0, "1"), row("c000", 1, "0"))
    tell_xm(sshd, refuse=["c000/1"])
    status, said = run(*RESTORE)
    assert status == 1 and said.count("\n") == 1 and left() == ["one.json"]
    assert "VCPU 0 of Domain-0 is not on none again" in said
    assert "VCPU 1 of c000 is not on 0 again" in said
    assert xm_state(sshd)[0] == {**VCPUS, "c000/0": "1"}


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_campaign_that_is_told_to_end_puts_its_pins_back(
    site,
    sshd,
    in_new_session,
    number,
):
    """A terminal that is closed tells all that runs in it."""
    long = files.merge(ONE_CELL, {"testbed": "xen", "netperf": {"duration_s": 60}})
    site.overlay("tests/config/tiny.yaml", long)
    campaign = site.start("results/figures/")
    in_new_session(campaign)
    wait_until(lambda: serves(campaign.pid), "a block that has pinned")
    assert xm_state(sshd)[0] != VCPUS
    os.killpg(campaign.pid, number)
    campaign.wait(60)
    assert xm_state(sshd)[0] == VCPUS, (site.folder / "campaign.log").read_text()
    assert not list((site.folder / "results/pins").iterdir())
    assert not list((site.folder / ".snakemake/ssh").iterdir())


def serves(pid):
    """Whether a block below a process has come as far as its netserver."""
    below = descendants(pid).values()
    return any(command.startswith("ssh ") and "netserver -4" in command for command in below)
