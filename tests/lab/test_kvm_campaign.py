"""A real KVM host: libvirt and QEMU, which emulates the guests' CPUs; and tiny campaigns on it."""

import json
import os
import re
import shlex
import subprocess

import pytest
import yaml
from helpers import labs
from helpers.checkout import ROOT, Checkout
from helpers.processes import descendants, gone, wait_until

from vcperf.config import files
from vcperf.testbeds import libvirt_node
from vcperf.tools import virsh

pytestmark = pytest.mark.lab
RUN = ROOT / "lab/run-kvm"
SSH_CONFIG = RUN / "ssh_config"
GUESTS = ["c000", "c001"]
READ_ONLY = "qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro"
ONE_NODE = {
    "testbed": "libvirt",
    "testbed_file": str(ROOT / "lab/kvm-testbed.yaml"),
    "bandwidth": None,
    "pingpong": None,
    "profile": None,
    "blocks": 1,
    "remeasure": 0,
    "quiet": {"wait_s": 0},
    "figures": "config/figures.yaml",
    "nodes": {"node1": None},
    "pinnings": {
        "config1": {"node1": None},
        "config2": {"node0": {"c000": {"vcpus": [0, 1], "emulator": 1, "iothreads": "0-1"}}}
        | {"node1": None},
        "config3": {"node1": None},
    },
    "netperf": {
        "paths": {"config1": ["vc00->c000"], "config2": ["c000->c001"], "config3": None},
        "message_bytes": [16384],
        "duration_s": 1,
        "warmup_s": 0,
    },
}
SECOND_ALONE = {"netperf": {"paths": {"config1": None}}}


@pytest.fixture(scope="module")
def lab():
    """A host and two guests, tied to a process that a test kills at the end to see them go."""
    if os.getuid() != 0:
        pytest.skip("only root gives hosts a network and mounts of their own")
    with labs.running("run-kvm", "--nodes", "1") as process:
        yield process


def on(host: str, command: str) -> subprocess.CompletedProcess:
    return labs.run_on(SSH_CONFIG, host, command)


def listing() -> list[dict]:
    """All pins by virsh and by the kernel, those of QEMU's workers aside, which come and go."""
    argvs = libvirt_node.listing_argvs(virsh.URI, GUESTS)
    script = "\n".join(f"{shlex.join(argv)}; echo '-- status' $?" for argv in argvs)
    parts = re.split(r"-- status (\d+)\n", on("lab-vc00", script).stdout)
    answers = [(int(status), text) for text, status in zip(parts[::2], parts[1::2], strict=False)]
    rows = libvirt_node.listed(virsh.URI, GUESTS, answers)
    return [row for row in rows if row.get("name") != "worker"]


def pins() -> dict[tuple[str, str, int], str]:
    return {(row["guest"], row["thread"], row["index"]): row["affinity"] for row in listing()}


def campaign(checkout: Checkout, **changes) -> str:
    content = files.merge(ONE_NODE, changes)
    (checkout.folder / "lab.yaml").write_text(yaml.safe_dump(content))
    return "lab.yaml"


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
    wait_until(lambda: busy("lab-c000"), "netperf in a guest")
    return started


def busy(host: str) -> bool:
    """Whether netperf or netserver runs in a domain."""
    return on(host, "cat /proc/[0-9]*/comm | grep -q '^net[ps]er'").returncode == 0


def test_pins_of_all_threads_change_are_read_back_and_put_back(lab, checkout):
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


def test_a_refused_pin_is_an_error(lab, checkout):
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
    assert "node0 (lab-vc00): VCPU 0 of c000 cannot be pinned to CPU " in done.stderr
    assert "read only" in done.stderr and "Traceback" not in done.stderr
    assert pins() == before


def test_a_killed_campaigns_pins_are_put_back_by_the_next_run(lab, checkout, in_new_session):
    before = pins()
    started = start(checkout, 300, **SECOND_ALONE)
    in_new_session(started)
    below = descendants(started.pid)
    started.kill()
    wait_until(lambda: gone(below), "an end of all that the campaign had started here")
    for host in ("lab-vc00", "lab-c000", "lab-c001"):
        wait_until(lambda host=host: not busy(host), f"no netperf on {host}")
    assert pins() != before
    (journal,) = (checkout.folder / "results/pins").iterdir()
    assert json.loads(journal.read_text())["toolstack"] == "virsh"
    again = checkout.snakemake("results/figures/", configfile=campaign(checkout))
    assert again.returncode == 0, again.stdout + again.stderr
    assert pins() == before
    assert not list((checkout.folder / "results/pins").iterdir())
