"""Guests of a real KVM host, started again with other options and once more as they were."""

import re
import shlex
import subprocess

import pytest
import yaml
from helpers.checkout import ROOT, Checkout
from helpers.kvm_lab import HOST, RUN, SSH_CONFIG, on
from helpers.processes import descendants, gone, wait_until

from vcperf.config import files
from vcperf.tools import virsh

pytestmark = [pytest.mark.lab, pytest.mark.long]
CAMPAIGN = {
    "testbed": "libvirt",
    "testbed_file": "testbed.yaml",
    "bandwidth": None,
    "pingpong": None,
    "profile": None,
    "blocks": 1,
    "remeasure": 0,
    "quiet": {"wait_s": 0},
    "nodes": {"node1": None},
    "pinnings": {
        "config1": {"node1": None},
        "config2": {"node0": {"c000": {"vcpus": [0, 1], "guest": {"queues": 2}}}, "node1": None},
        "config3": {"node1": None},
    },
    "netperf": {
        "paths": {"config1": ["vc00->c000"], "config2": ["c000->c001"], "config3": None},
        "message_bytes": [16384],
        "duration_s": 2,
        "warmup_s": 0,
    },
}


def ask(*words: str) -> str:
    done = on(HOST, shlex.join(virsh.argv(virsh.URI, *words)))
    assert done.returncode == 0, done.stderr
    return done.stdout


def definition(*options: str) -> str:
    """With what c000 runs, less what is new each time that it is started."""
    text = ask("dumpxml", "--domain", "c000", *options)
    return re.sub(r"(<domain type='\w+') id='\d+'|<target dev='vnet\d+'/>", r"\1", text)


def campaign(checkout: Checkout, **changes) -> str:
    testbed = yaml.safe_load((ROOT / "lab/kvm-testbed.yaml").read_text())
    testbed["ssh_config"] = str(SSH_CONFIG)
    testbed["nodes"]["node0"]["stop"] = "destroy"  # its guests do not know a power button
    (checkout.folder / "testbed.yaml").write_text(yaml.safe_dump(testbed))
    content = files.merge(CAMPAIGN, changes)
    (checkout.folder / "lab.yaml").write_text(yaml.safe_dump(content))
    return "lab.yaml"


def records(checkout: Checkout) -> dict[bool, dict]:
    """Whether a record is of a guest with chosen options -> the record."""
    found = checkout.read_records()
    return {"guest_options" in record["spec"]["nodes"]["node0"]: record for record in found}


def test_a_defined_guest_gets_two_queues_for_its_blocks_alone(kvm_host, checkout):
    settle()
    inactive = ask("dumpxml", "--domain", "c000", "--inactive")
    (RUN / "c000.xml").write_text(inactive)
    ask("define", "--file", str(RUN / "c000.xml"))
    before, kept = definition(), definition("--inactive")
    try:
        done = checkout.snakemake("results/figures/", configfile=campaign(checkout))
        assert done.returncode == 0, done.stdout + done.stderr
        found = records(checkout)
        assert set(found) == {False, True}
        for look in ("before", "after"):
            assert found[True][look]["guest_options"]["c000"]["queues"] == 2
            assert "guest_options" not in found[False][look]
        assert (definition(), definition("--inactive")) == (before, kept)
        assert ask("list", "--persistent", "--name").split() == ["c000"]
    finally:
        ask("undefine", "--domain", "c000")
    assert on("kvm-c000", "true").returncode == 0
    assert not list((checkout.folder / "results/pins").iterdir())


def settle():
    """What a guest has that was pinned before and put back: pins that name all CPUs."""
    for guest, vcpus in (("c000", 2), ("c001", 1)):
        for vcpu in range(vcpus):
            ask("vcpupin", guest, str(vcpu), "0-1", "--live")
        ask("emulatorpin", guest, "0-1", "--live")
        ask("iothreadpin", guest, "1", "0-1", "--live")


def test_a_killed_campaigns_guest_runs_as_before_after_the_next_run(
    kvm_host, checkout, in_new_session
):
    settle()
    before = definition()
    long = campaign(checkout, netperf={"duration_s": 300, "paths": {"config1": None}})
    with (checkout.folder / "campaign.log").open("w") as log:
        started = subprocess.Popen(
            checkout.argv("results/figures/", configfile=long),
            cwd=checkout.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    in_new_session(started)
    wait_until(busy_with_two_queues, "netperf in the guest that was started again")
    below = descendants(started.pid)
    started.kill()
    wait_until(lambda: gone(below), "an end of all that the campaign had started here")
    assert "queues='2'" in definition()
    (journal,) = (checkout.folder / "results/pins").iterdir()
    assert journal.stat().st_mode & 0o077 == 0, "a definition may have passwords"
    plain = campaign(checkout, netperf={"paths": {"config2": None}})
    again = checkout.snakemake("results/figures/", configfile=plain)
    assert again.returncode == 0, again.stdout + again.stderr
    assert definition() == before
    assert not list((checkout.folder / "results/pins").iterdir())


def busy_with_two_queues() -> bool:
    """Whether c000 was started again, and netperf or netserver runs in it."""
    dump = shlex.join(virsh.argv(virsh.URI, "dumpxml", "--domain", "c000"))
    if "queues='2'" not in on(HOST, dump).stdout:
        return False
    look = "cat /proc/[0-9]*/comm | grep -q '^net[ps]er'"
    # It may just be starting.
    patience = ["-o", "ConnectTimeout=5", "-o", "ServerAliveInterval=5"]
    argv = ["ssh", "-F", str(SSH_CONFIG), *patience, "kvm-c000", look]
    return subprocess.run(argv, capture_output=True, check=False, timeout=120).returncode == 0


def test_vhost_is_refused_in_one_line_where_the_host_has_none(kvm_host, checkout):
    if on(HOST, "test -c /dev/vhost-net").returncode == 0:
        pytest.skip("this host has vhost")
    before = definition()
    changes = {"config2": {"node0": {"c000": {"vcpus": [0, 1], "guest": {"vhost": True}}}}}
    only = {"config1": None}
    done = checkout.snakemake(
        "results/figures/",
        configfile=campaign(checkout, pinnings=changes, netperf={"paths": only}),
    )
    assert done.returncode == 1 and checkout.records() == {}
    line = "domain c000: node0 (kvm-vc00) cannot give it vhost, as it has no /dev/vhost-net"
    assert line in done.stderr and "Traceback" not in done.stderr
    assert definition() == before
