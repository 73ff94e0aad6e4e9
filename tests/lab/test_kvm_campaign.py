"""A real KVM host: libvirt and QEMU, which emulates the guests' CPUs; and tiny campaigns on it."""

import json
import re
import shutil
import subprocess

import pandas as pd
import pytest
import yaml
from helpers.checkout import ROOT, Checkout
from helpers.kvm_lab import SSH_CONFIG, busy, campaign, pins
from helpers.processes import descendants, gone, wait_until

from vcperf.config import files

pytestmark = pytest.mark.lab
READ_ONLY = "qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro"
SECOND_ALONE = {"netperf": {"paths": {"config1": None}}}


def start(checkout: Checkout, duration_s: int, **changes) -> subprocess.Popen:
    """A campaign, as far as netperf running in a guest."""
    long = campaign(checkout, **files.merge(changes, {"netperf": {"duration_s": duration_s}}))
    started = subprocess.Popen(
        checkout.argv("results/figures/", configfile=long),
        cwd=checkout.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(checkout.folder / "campaign.log").open("w"),
        start_new_session=True,
    )
    wait_until(lambda: busy("kvm-c000"), "netperf in a guest")
    return started


def test_pins_of_all_threads_change_are_read_back_and_put_back(kvm_host, checkout):
    before = pins()
    done = checkout.snakemake("results/figures/", configfile=campaign(checkout))
    assert done.returncode == 0, done.stdout + done.stderr
    records = {record["spec"]["receiver"]: record for record in checkout.read_records()}
    assert set(records) == {"c000", "c001"}
    for record in records.values():
        assert record["host"]["platform"].startswith("QEMU ")
        assert record["host"]["platform"].endswith(", emulated by QEMU")
        assert record["host"]["nodes"]["node0"]["library"].startswith("libvirt ")
        assert record["before"]["pinning"] == record["after"]["pinning"]
        assert record["before"]["threads"] == record["after"]["threads"]
    followed, named = records["c000"]["after"], records["c001"]["after"]
    assert followed["pinning"]["c000"] == [[1], [1]]
    assert followed["threads"]["c000"] == {"emulator": "1", "iothreads": "1"}
    assert named["pinning"]["c000"] == [[0], [1]]
    assert named["threads"]["c000"] == {"emulator": "1", "iothreads": "0-1"}
    sent = {name: records["c001"][name]["domains"]["c000"] for name in ("before", "after")}
    assert sent["after"]["cpu_s"] > sent["before"]["cpu_s"]
    assert sent["after"]["emulator_s"] > sent["before"]["emulator_s"]
    assert sent["after"]["delay_s"] >= sent["before"]["delay_s"]
    assert pins() == before
    assert not list((checkout.folder / "results/pins").iterdir())


def test_a_profile_tells_the_threads_of_guests_apart(kvm_host, checkout):
    """By perf on the host, which sees QEMU's threads from outside."""
    if shutil.which("perf") is None:
        pytest.skip("no perf here")
    paths = {"config1": None, "config2": ["c000->c001"]}
    profile = {"paths": paths, "pingpong": None, "blocks": 1, "duration_s": 2}
    netperf = {"paths": {"config1": None}}
    done = checkout.snakemake(
        "results/figures/", configfile=campaign(checkout, profile=profile, netperf=netperf)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_csv(checkout.folder / "results/tables/profile.csv")
    assert {"vc00", "c000", "c001"} <= set(table["domain"])
    apps = set(table[table["domain"] == "c000"]["app"])
    assert {"emulator", "vcpu 1"} <= apps
    assert all(re.fullmatch(r"emulator|(vcpu|iothread) \d", app) for app in apps)


def test_a_refused_pin_is_an_error(kvm_host, checkout):
    """By a connection that may only look."""
    testbed = yaml.safe_load((ROOT / "lab/kvm-testbed.yaml").read_text())
    testbed["nodes"]["node0"]["uri"] = READ_ONLY
    testbed["ssh_config"] = str(SSH_CONFIG)
    (checkout.folder / "testbed.yaml").write_text(yaml.safe_dump(testbed))
    before = pins()
    done = checkout.snakemake(
        "results/figures/",
        configfile=campaign(
            checkout, testbed_file="testbed.yaml", netperf={"paths": {"config2": None}}
        ),
    )
    assert done.returncode == 1 and checkout.records() == {}
    assert "node0 (kvm-vc00): VCPU 0 of c000 cannot be pinned to CPU " in done.stderr
    assert "read only" in done.stderr and "Traceback" not in done.stderr
    assert pins() == before


def test_a_killed_campaigns_pins_are_put_back_by_the_next_run(kvm_host, checkout, in_new_session):
    before = pins()
    started = start(checkout, 300, **SECOND_ALONE)
    in_new_session(started)
    below = descendants(started.pid)
    started.kill()
    wait_until(lambda: gone(below), "an end of all that the campaign had started here")
    for host in ("kvm-vc00", "kvm-c000", "kvm-c001"):
        wait_until(lambda host=host: not busy(host), f"no netperf on {host}")
    assert pins() != before
    (journal,) = (checkout.folder / "results/pins").iterdir()
    assert json.loads(journal.read_text())["toolstack"] == "virsh"
    again = checkout.snakemake("results/figures/", configfile=campaign(checkout))
    assert again.returncode == 0, again.stdout + again.stderr
    assert pins() == before
    assert not list((checkout.folder / "results/pins").iterdir())
