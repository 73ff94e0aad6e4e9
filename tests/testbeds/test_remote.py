"""Testbeds on hosts reached by ssh, over a real sshd on this machine.

Xen itself is proven in the lab (tests/lab/test_lab_campaign.py); here its toolstack is the
stand-in tests/standins/xm, and the domains' commands all run on this machine.
"""

import csv
import glob
import json
import os
import shutil
import signal
import subprocess

import pytest
from helpers.config import BANDWIDTH
from helpers.processes import descendants, gone, wait_until
from helpers.ssh_site import (
    ODD,
    ONE_CELL,
    VCPUS,
    block_argv,
    run_block,
    tell_xm,
    write_testbed,
    xm_state,
)

from vcperf.config import files
from vcperf.records import observation
from vcperf.tools import netperf_streams

pytestmark = pytest.mark.xdist_group("measuring")


@pytest.mark.slow
def test_plain_hosts_are_a_testbed(site):
    campaign = site.overlay("one.yaml", {**ONE_CELL, "testbed": "native"})
    done = site.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = site.read_records()
    assert record["before"]["pinning"]["vc00"] == record["after"]["pinning"]["vc00"] == [[0]]
    assert record["after"]["pinning"]["c010"] == [[1]]
    used = {d: record["after"]["domains"][d]["cpu_s"] for d in ("vc00", "c010")}
    assert all(0.01 < seconds < 10 for seconds in used.values()), used
    svg = (site.folder / "results/figures/pair.svg").read_text()
    assert "plain processes on hosts reached by ssh (native)" in svg
    assert set(record["settings"]) == {"node0", "node1"}
    (kept,) = (site.folder / "results/host_settings").iterdir()  # both are this machine
    assert kept.stem == record["settings"]["node0"]
    assert json.loads(kept.read_text())["settings"]["net.lo.mtu"] == "65536"
    assert not list((site.folder / ".snakemake/ssh").iterdir())
    again = site.snakemake("-n", "results/figures/", configfile=campaign)
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.slow
def test_streams_beside_a_load_run_by_ssh(site, monkeypatch):
    asked = {"tests": ["TCP_RR"], "streams": [3], "loads": ["TCP_STREAM"], "duration_s": 4}
    done = run_block(block_argv(site, monkeypatch, "native", netperf=asked), site)
    assert done.returncode == 0, done.stderr
    content = json.loads((site.folder / "record.json").read_text())
    roles = [command["role"] for command in content["commands"]]
    assert roles == ["measure", *["server"] * 3, "load", "load server"]
    (run,) = (c for c in content["commands"] if c["role"] == "measure")
    assert len(netperf_streams.reports(run["output"])) == 3
    used = {d: content["after"]["domains"][d]["cpu_s"] for d in ("vc00", "c010")}
    assert all(seconds > 0.1 for seconds in used.values()), used


@pytest.mark.slow
def test_an_estimate_by_ssh_leaves_no_file(site):
    change = {**ONE_CELL, "testbed": "native", "bandwidth": {**BANDWIDTH, "blocks": 1}}
    change["netperf"] = {"paths": {"config1": None, "config2": None}}
    before = set(glob.glob("/tmp/vcperf.*"))
    campaign = site.overlay("one.yaml", change)
    done = site.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = site.read_records()
    program = next(c for c in record["commands"] if c["role"] == "measure")["argv"][-8]
    assert program.startswith("/tmp/vcperf.") and not os.path.exists(program)
    assert set(glob.glob("/tmp/vcperf.*")) == before
    (row,) = csv.DictReader((site.folder / "results/tables/bandwidth.csv").open())
    assert row["kind"] in {"range", "lower_bound", "upper_bound", "inconclusive", "within_bucket"}


def test_a_campaign_pins_reads_the_pins_back_and_puts_them_back(site, sshd):
    tell_xm(sshd)
    campaign = site.overlay("one.yaml", {**ONE_CELL, "testbed": "xen"})
    done = site.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = site.read_records()
    assert record["before"]["pinning"] == record["after"]["pinning"]
    assert record["before"]["pinning"]["c010"] == [[1], [1]]
    assert record["host"]["platform"] == "Xen 3.0-stand-in"
    affinities, state = xm_state(sshd)
    assert affinities == VCPUS
    assert ["c000", "1", "1"] in state["pinned"]
    assert not list((site.folder / "results/pins").iterdir())
    assert "pins of one put back" in done.stderr


@pytest.mark.slow
def test_a_killed_campaigns_pins_are_put_back_by_the_next_run(site, sshd, in_new_session):
    long = files.merge(ONE_CELL, {"testbed": "xen", "netperf": {"duration_s": 60}})
    site.overlay("tests/config/tiny.yaml", long)
    campaign = site.start("results/figures/")
    in_new_session(campaign)
    below = wait_until(lambda: measuring_by_ssh(campaign.pid), "netperf running")
    campaign.send_signal(signal.SIGKILL)
    wait_until(lambda: gone(below), "an end of all that the campaign had started")
    wait_until(lambda: not on_this_machine("netserver"), "an end of the server")
    assert xm_state(sshd)[0] != VCPUS

    short = files.merge(ONE_CELL, {"testbed": "xen", "netperf": {"duration_s": 1}})
    site.overlay("one.yaml", short)
    again = site.snakemake("results/figures/", configfile="one.yaml")
    assert again.returncode == 0, again.stdout + again.stderr
    assert xm_state(sshd)[0] == VCPUS


def on_this_machine(name: str) -> bool:
    # What other tests measure here has PID namespaces of its own.
    argv = ["pgrep", "--ns", str(os.getpid()), "--nslist", "pid", "-x", name]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def measuring_by_ssh(pid: int) -> dict[int, str]:
    """The descendants, once netperf runs at the other end of one of them."""
    below = descendants(pid)
    asked = any(name.startswith("ssh ") and " netperf " in name for name in below.values())
    return below if asked and on_this_machine("netperf") else {}


def test_a_killed_block_leaves_nothing_on_the_host(site, monkeypatch, in_new_session):
    argv = block_argv(site, monkeypatch, "native", netperf={"duration_s": 60})
    started = subprocess.Popen(argv, cwd=site.folder, start_new_session=True)
    in_new_session(started)
    below = wait_until(lambda: measuring_by_ssh(started.pid), "netperf running")
    started.send_signal(signal.SIGKILL)
    wait_until(lambda: gone(below), "an end of its connections")
    wait_until(lambda: not on_this_machine("netperf"), "an end of netperf")
    wait_until(lambda: not on_this_machine("netserver"), "an end of netserver")
    assert not (site.folder / "record.json").exists()


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("down", "down: cannot be reached by ssh"),
        ("nowhere", "nowhere: cannot be reached by ssh"),
        ("stranger", "stranger: its host key is not known"),
        ("changed", "changed: its host key has changed"),
        ("refused", "refused: refused our key"),
        ("behind", "behind: its jump host refused our key"),
    ],
)
def test_a_host_that_cannot_be_had_is_named(checkout, sshd, monkeypatch, host, says):
    write_testbed(checkout, sshd, node1=host)
    tell_xm(sshd)
    done = run_block(block_argv(checkout, monkeypatch, "xen"), checkout)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and says in done.stderr
    assert not (checkout.folder / "record.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("down", "down: cannot be reached by ssh"),
        ("refused", "refused: refused our key"),
        ("changed", "changed: its host key has changed"),
    ],
)
def test_a_guest_that_cannot_be_had_fails_its_blocks_alone(checkout, sshd, host, says):
    write_testbed(checkout, sshd, c010=host)
    tell_xm(sshd)
    paths = {"config1": ["vc00->c010", "vc00->c000"], "config2": None}
    change = files.merge(ONE_CELL, {"testbed": "xen", "netperf": {"paths": paths}})
    campaign = checkout.overlay("two.yaml", change)
    done = checkout.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 1
    assert f"1 of 2 blocks are missing\n  1: {says}" in done.stderr
    (record,) = checkout.read_records()
    assert record["spec"]["receiver"] == "c000"
    assert says in done.stderr and "Traceback" not in done.stderr
    assert xm_state(sshd)[0] == VCPUS

    drawn = checkout.snakemake("results/figures/", "--config", "partial=True", configfile=campaign)
    assert drawn.returncode == 0, drawn.stdout + drawn.stderr
    assert (checkout.folder / "results/figures/pair.svg").exists()
    table = (checkout.folder / "results/tables/netperf.csv").read_text()
    assert table.count("\nxen,") == 1


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"refuse": ["c000/1"]}, "VCPU 1 of c000 cannot be pinned to CPU 1, it stays on all"),
        ({"offline": ["c000/1"]}, "domain c000: VCPU 1 is offline on node0 (one)"),
        ({"gone": ["c000/1"]}, "domain c000: has 1 VCPUs on node0 (one), the configuration says 2"),
        ({"gone": ["c001/0"]}, "domain c001: node0 (one) has no domain 'c001' now; it has"),
        ({"shut_down": ["c000"]}, "domain c000: does not run on node0 (one)"),
        ({"unknown": ["c000/1"]}, "VCPU 1 of c000 is pinned to CPUs that xm does not show"),
        ({"no_rights": True}, "root"),
        ({"move_after": 7}, "after the measurement it was on"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_xen_does_not_do_is_an_error_in_one_line(site, sshd, monkeypatch, fault, says):
    tell_xm(sshd, **fault)
    done = run_block(block_argv(site, monkeypatch, "xen"), site)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and says in done.stderr, done.stderr
    assert not (site.folder / "record.json").exists()


def test_two_campaigns_do_not_measure_on_one_node(site, sshd, monkeypatch, in_new_session):
    argv = block_argv(site, monkeypatch, "native")
    hold = subprocess.Popen(
        ["flock", "/", "sh", "-c", "echo held; read -r _"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    in_new_session(hold)
    assert hold.stdout.readline() == "held\n"
    waits = subprocess.Popen(argv, cwd=site.folder, stderr=subprocess.PIPE, text=True)
    assert waits.stderr.readline().startswith("Waiting: another campaign is measuring on")
    hold.communicate("\n")
    assert waits.wait() == 0, waits.stderr.read()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"testbed": "xen", "testbed_file": None}, "testbed: xen needs testbed_file"),
        ({"testbed": "netns"}, "testbed_file: testbed netns lives on this host"),
        (
            {"testbed": "xen", "testbed_file": "absent.yaml"},
            "wrong.yaml: testbed_file: there is no file 'absent.yaml'",
        ),
        (
            {
                "testbed": "xen",
                "nodes": {"node2": {"cpus": 1, "dom0": "x", "domains": {"x": {"vcpus": 1}}}},
            },
            "testbed.yaml: nodes: lacks the campaign's 'node2'",
        ),
    ],
)
def test_a_testbed_file_that_does_not_fit_is_refused(site, monkeypatch, change, says):
    monkeypatch.chdir(site.folder)
    overlay = site.overlay("wrong.yaml", files.merge(ONE_CELL, change))
    done = site.snakemake("-n", configfile=overlay)
    assert done.returncode == 1
    assert says in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("testbed", ["native", "xen"])
def test_what_a_login_script_prints_is_not_ours(checkout, sshd, monkeypatch, testbed):
    write_testbed(checkout, sshd, **ODD)
    tell_xm(sshd)
    sshd.put_a_door("echo Welcome to the cluster", "echo stty: no terminal >&2", "printf prompt")
    done = run_block(block_argv(checkout, monkeypatch, testbed), checkout)
    assert done.returncode == 0, done.stderr
    record = json.loads((checkout.folder / "record.json").read_text())
    assert "Welcome" not in json.dumps(record) and "prompt" not in json.dumps(record)


@pytest.mark.parametrize(
    ("flock", "says"),
    [
        ("", "odd: cannot be locked: there is no flock; install it there (util-linux)\n"),
        (
            "echo trying >&2; echo 'flock: 9: Bad file descriptor' >&2; exit 65",
            "odd: cannot be locked: flock: 9: Bad file descriptor\n",
        ),
    ],
)
def test_a_node_that_cannot_be_locked_is_named(
    checkout, sshd, monkeypatch, tmp_path_factory, flock, says
):
    commands = tmp_path_factory.mktemp("bin")
    for name in ("sh", "cat"):
        (commands / name).symlink_to(shutil.which(name))
    if flock:
        (commands / "flock").write_text(f"#!/bin/sh\n{flock}\n")
        (commands / "flock").chmod(0o755)
    sshd.put_a_door(f"PATH={commands}")
    write_testbed(checkout, sshd, node0="odd", node1="odd")
    tell_xm(sshd)
    done = run_block(block_argv(checkout, monkeypatch, "xen"), checkout)
    assert done.returncode == 1 and done.stderr == says


def test_a_block_by_hand_locks_its_nodes_once(site, monkeypatch):
    """Its nodes are this machine, whose lock blocks take that run here."""
    argv = block_argv(site, monkeypatch, "native")
    monkeypatch.delenv("VCPERF_NODE_LOCKED")
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("spins", "percent"), [("c001", 100), ("Domain-0", 0)])
def test_guests_that_a_block_does_not_use_are_others(
    site,
    sshd,
    monkeypatch,
    spins,
    percent,
):
    tell_xm(sshd, spins=[spins])
    done = run_block(block_argv(site, monkeypatch, "xen"), site)
    assert done.returncode == 0, done.stderr
    record = json.loads((site.folder / "record.json").read_text())
    others, _ = observation.disturbance(record["before"], record["after"])
    assert others == pytest.approx(percent, abs=30)
