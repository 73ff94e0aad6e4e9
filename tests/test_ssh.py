"""Testbeds on hosts reached by ssh, over a real sshd on this machine.

Xen itself is proven in the lab (tests/test_lab_campaign.py); here its toolstack is the
stand-in tests/standins/xm, and the domains' commands all run on this machine.
"""

import csv
import glob
import json
import os
import signal
import subprocess

import pytest
import yaml
from conftest import ROOT
from test_faults import descendants, gone, wait_until
from test_rerun import BANDWIDTH

from vcperf import config, preparation

pytestmark = pytest.mark.xdist_group("ssh")

MEASURE = ("python3", "-S", "-m", "vcperf.measure.netperf")
ONE_CELL = {
    "testbed_file": "testbed.yaml",
    "blocks": 1,
    "netperf": {
        "paths": {"config1": ["vc00->c010"], "config2": None},
        "message_bytes": [16384],
    },
}
VCPUS = {"Domain-0/0": "all", "c000/0": "all", "c000/1": "all", "c001/0": "0"}


@pytest.fixture
def site(checkout, sshd):
    """A checkout with a testbed file whose two nodes are this machine, by two names, and a
    stand-in for xm that has not been told anything."""
    write_testbed(checkout, sshd)
    tell_xm(sshd)
    return checkout


def write_testbed(checkout, sshd, **ssh):
    nodes = {
        name: {
            "ssh": name_there,
            "toolstack": "xm",
            "domains": {
                domain: {"address": "127.0.0.1", "ssh": ssh.get(domain, name_there)}
                | ({"xen": f"c00{guest}"} if guest is not None else {})
                for domain, guest in domains.items()
            },
        }
        for name, name_there, domains in (
            ("node0", ssh.get("node0", "one"), {"vc00": None, "c000": 0, "c001": 1}),
            ("node1", ssh.get("node1", "two"), {"vc10": None, "c010": 0, "c011": 1}),
        )
    }
    content = {"ssh_config": str(sshd.ssh_config), "nodes": nodes}
    (checkout.folder / "testbed.yaml").write_text(yaml.safe_dump(content))


def tell_xm(sshd, **faults):
    vcpus = {key: {"affinity": affinity} for key, affinity in VCPUS.items()}
    for key in faults.pop("offline", []):
        vcpus[key]["offline"] = True
    for key in faults.pop("gone", []):
        del vcpus[key]
    for key in faults.pop("unknown", []):
        vcpus[key]["affinity"] = "none"
    (sshd.folder / "xm.json").write_text(json.dumps({"vcpus": vcpus, **faults}))


def xm_state(sshd):
    state = json.loads((sshd.folder / "xm.json").read_text())
    return {key: vcpu["affinity"] for key, vcpu in state["vcpus"].items()}, state


def block(checkout, monkeypatch, testbed, **changes) -> list[str]:
    """The command line that measures the one block of ONE_CELL, by hand."""
    overlay = checkout.overlay("one.yaml", config.merge(ONE_CELL, {"testbed": testbed, **changes}))
    monkeypatch.chdir(checkout.folder)
    sources = [ROOT / "config/config.yaml", overlay]
    merged = config.merge(config.read_yaml(sources[0]), config.read_yaml(overlay))
    ready = preparation.prepare(merged, sources)
    (only,) = ready.plan.blocks
    # The machine is locked by the test that runs, as by a campaign.
    monkeypatch.setenv("VCPERF_NODE_LOCKED", "1")
    isolate = str(checkout.folder / "scripts/isolate")
    return [isolate, testbed, *MEASURE, only.spec_json, "record.json", os.environ["VCPERF_CONTEXT"]]


def measured(argv, checkout):
    done = subprocess.run(argv, cwd=checkout.folder, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    done.stderr = but_waiting(done.stderr)
    return done


def but_waiting(said: str) -> str:
    """What a block said but that it waits: other tests measure on this machine too."""
    return "".join(line for line in said.splitlines(True) if not line.startswith("Waiting: "))


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
    assert not list((site.folder / ".snakemake/ssh").iterdir())
    again = site.snakemake("-n", "results/figures/", configfile=campaign)
    assert "Nothing to be done" in again.stdout + again.stderr


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
    assert row["kind"] in {"range", "lower_bound", "upper_bound", "inconclusive"}


def test_a_campaign_pins_reads_back_and_puts_back(site, sshd):
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


def test_a_killed_campaigns_pins_are_put_back_by_the_next_run(site, sshd, in_new_session):
    long = config.merge(ONE_CELL, {"testbed": "xen", "netperf": {"duration_s": 60}})
    site.overlay("tests/config/tiny.yaml", long)
    campaign = site.start("results/figures/")
    in_new_session(campaign)
    below = wait_until(lambda: measuring_by_ssh(campaign.pid), "netperf running")
    campaign.send_signal(signal.SIGKILL)
    wait_until(lambda: gone(below), "an end of all that the campaign had started")
    wait_until(lambda: not on_this_machine("netserver"), "an end of the server")
    assert xm_state(sshd)[0] != VCPUS

    site.overlay("one.yaml", {**ONE_CELL, "testbed": "xen"})
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
    argv = block(site, monkeypatch, "native", netperf={"duration_s": 60})
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
    done = measured(block(checkout, monkeypatch, "xen"), checkout)
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
    change = config.merge(ONE_CELL, {"testbed": "xen", "netperf": {"paths": paths}})
    campaign = checkout.overlay("two.yaml", change)
    done = checkout.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 1
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
        ({"unknown": ["c000/1"]}, "VCPU 1 of c000 is pinned to CPUs that xm does not tell"),
        ({"no_rights": True}, "root"),
        ({"move_after": 7}, "after the measurement it was on"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_xen_does_not_do_is_an_error_in_one_line(site, sshd, monkeypatch, fault, says):
    tell_xm(sshd, **fault)
    done = measured(block(site, monkeypatch, "xen"), site)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and says in done.stderr, done.stderr
    assert not (site.folder / "record.json").exists()


def test_two_campaigns_do_not_measure_on_one_node(site, sshd, monkeypatch, in_new_session):
    argv = block(site, monkeypatch, "native")
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
        ({"testbed": "xen", "testbed_file": "absent.yaml"}, "absent.yaml: No such file"),
        (
            {
                "testbed": "xen",
                "nodes": {"node2": {"cpus": 1, "dom0": "x", "domains": {"x": {"vcpus": 1}}}},
            },
            "testbed.yaml: nodes: the campaign's 'node2' is not there",
        ),
    ],
)
def test_a_testbed_file_that_does_not_fit_is_refused(site, monkeypatch, change, says):
    monkeypatch.chdir(site.folder)
    overlay = site.overlay("wrong.yaml", config.merge(ONE_CELL, change))
    done = site.snakemake("-n", configfile=overlay)
    assert done.returncode == 1
    assert says in done.stderr and "Traceback" not in done.stderr
