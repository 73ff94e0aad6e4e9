"""The lab's parts that need no emulator: what decides an image, and what it writes."""

import re
import shutil
import subprocess
import sys

import pytest
from helpers.checkout import ROOT
from helpers.config import DEFAULT

sys.path.append(str(ROOT / "lab"))

import archive
import emulator
import hosts
import images
import saved
import ssh as lab_ssh
import topology
from common import LabError

from vcperf.preparation import testbed_file

PACKAGES = [archive.Package("netperf", "2.7.0-0.1", "amd64")]


@pytest.fixture
def lab_copy(tmp_path):
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    return shutil.copytree(
        ROOT / "lab", tmp_path / "lab", ignore=shutil.ignore_patterns("run", "__pycache__")
    )


def test_images_are_keyed_by_their_inputs(lab_copy):
    key = images.key(PACKAGES, lab_copy)
    assert images.key(PACKAGES, lab_copy) == key
    (lab_copy / "README.md").write_text("other words")
    assert images.key(PACKAGES, lab_copy) == key
    newer = [PACKAGES[0]._replace(version="2.7.1-1")]
    assert images.key(newer, lab_copy) != key
    (lab_copy / "files/init").write_text("#!/bin/sh\n")
    assert images.key(PACKAGES, lab_copy) != key


def test_half_built_images_are_not_taken_for_whole(tmp_path):
    (tmp_path / "partial-abc").mkdir()
    assert images.ready(tmp_path, "abc") is None
    (tmp_path / "partial-abc").rename(tmp_path / "images-abc")
    assert images.ready(tmp_path, "abc") == tmp_path / "images-abc"


@pytest.mark.parametrize("testbed", ["xen", "native"])
def test_the_testbed_file_fits_the_default_nodes(testbed):
    nodes = [topology.node(0), topology.node(1)]
    file = ROOT / "lab/testbed.yaml"
    found = testbed_file.read({**DEFAULT, "testbed": testbed, "testbed_file": str(file)})
    assert found.context["ssh_config"] == str(ROOT / "lab/run/ssh_config")
    assert found.context["emulator_pid_files"]["node1"] == str(ROOT / "lab/run/node1/qemu.pid")
    assert found.ends["vc10"] == {"ssh": "lab-vc10", "address": "10.9.0.20"}
    guest = {"ssh": "lab-c011", "address": "10.9.0.22"} if testbed == "xen" else found.ends["vc10"]
    assert found.ends["c011"] == guest
    if testbed == "xen":
        ends = {g.name: (f"lab-{g.name}", g.address) for n in nodes for g in n.guests}
        ends |= {n.dom0: (f"lab-{n.dom0}", n.address) for n in nodes}
        assert {d: (end["ssh"], end["address"]) for d, end in found.ends.items()} == ends
    vcpus = {g.name: g.vcpus for n in nodes for g in n.guests}
    assert vcpus == {
        domain: entry["vcpus"]
        for node in DEFAULT["nodes"].values()
        for domain, entry in node["domains"].items()
        if domain != node["dom0"]
    }


def test_ssh_reads_the_configuration_as_meant(tmp_path):
    folder = tmp_path / "with a blank"
    folder.mkdir()
    nodes = [topology.node(0)]
    text = lab_ssh.config(folder, nodes, {"vc00": lab_ssh.at_port(4022)}, native=False)
    (folder / "ssh_config").write_text(text)
    argv = ["ssh", "-G", "-F", str(folder / "ssh_config"), "lab-c000"]
    shown = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    said = dict(line.split(" ", 1) for line in shown.splitlines())
    assert said["hostname"] == "10.9.0.11" and said["batchmode"] == "yes"
    assert said["stricthostkeychecking"] in {"true", "yes"}
    assert said["userknownhostsfile"] == f"{folder}/known_hosts"
    assert said["passwordauthentication"] == "no"
    assert "-W '[%h]:%p' lab-vc00" in said["proxycommand"]


@pytest.mark.parametrize("native", [False, True])
def test_nothing_listens_beyond_this_machine(native):
    argv = emulator.argv(topology.node(0), native)
    (outside,) = [word for word in argv if word.startswith("user,")]
    assert "restrict=on" in outside.split(",")
    assert re.findall(r"hostfwd=\w+:([^:]*):", outside) == ["127.0.0.1"]
    listening = [word for word in argv if word != outside and re.search(r"server|\.type=", word)]
    assert len(listening) == 3 and argv[argv.index("-display") + 1] == "none"
    for word in listening:
        assert word.startswith("unix:") or set(re.findall(r"\.type=(\w+)", word)) == {"unix"}
    others = " ".join(word for word in argv if word != outside)
    assert not re.search(r"tcp:|udp:|telnet|websocket|-vnc|-spice", others)


def test_a_state_that_cannot_be_kept_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    def cut(*_):
        raise ValueError("Expecting value: line 1 column 1 (char 0)")

    monkeypatch.setattr(emulator.qmp, "Monitor", cut)
    with pytest.raises(LabError, match=r"^node0: its emulator does not answer: Expecting value"):
        saved.save([topology.node(0)], tmp_path / "state-1")
    assert not list(tmp_path.iterdir())


def test_an_emulator_that_is_still_being_tied_runs_already(tmp_path, monkeypatch):
    """Else a slow start is taken for a failed one, and outlives the stop that follows."""
    monkeypatch.setattr(emulator, "RUN", tmp_path)
    (tmp_path / "node0").mkdir()
    shutil.copy(shutil.which("sleep"), tmp_path / emulator.TIE)
    with subprocess.Popen([tmp_path / emulator.TIE, "600"], cwd=tmp_path / "node0") as launcher:
        assert emulator.running() == {"node0": launcher.pid}
        assert emulator.stop_all() == ["node0"] and not emulator.running()


def test_a_file_in_the_way_is_named_with_what_to_do(lab_copy):
    (lab_copy / "run").write_text("")
    argv = [sys.executable, str(lab_copy / "lab"), "down"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"lab: {lab_copy}/run: File exists; ")
    assert "rm -r" in done.stderr


def test_a_guest_has_what_its_place_says():
    text = hosts.guest_config(topology.node(1).guests[0])
    assert 'name = "c010"' in text and "vcpus = 2" in text and "10.9.0.21" in text


def test_a_kernel_packed_otherwise_is_refused():
    with pytest.raises(LabError, match="not packed with xz"):
        images.plain_kernel(b"\0" * 4096)


def test_a_missing_tool_is_named(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "lab/lab"), "build"],
        env={"PATH": str(tmp_path), "LAB_PATH_ONLY": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        pytest.skip("everything is in /usr/sbin here")
    assert "Traceback" not in done.stderr
    assert "not found: " in done.stderr and "envs/setup.sh lab" in done.stderr
