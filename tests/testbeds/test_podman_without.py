"""What the testbed of containers says where there are none."""

import subprocess

import pytest
from helpers.plans import plan_of

from vcperf.errors import VcperfError
from vcperf.preparation.hosts import chosen_testbeds, host_of
from vcperf.testbeds.container_networks import Slirp4netns
from vcperf.testbeds.podman import PodmanTestbed


def test_a_host_without_podman_is_told_the_packages(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    fault = PodmanTestbed.host_fault()
    assert fault.startswith("not found: podman")
    assert "podman, netavark, iptables and runc (Debian: packages of these names)" in fault


@pytest.fixture
def no_root(monkeypatch):
    monkeypatch.setattr("vcperf.testbeds.podman.rootless", lambda: True)


def test_what_a_user_measures_without_root_is_other_cells(no_root):
    assert PodmanTestbed.options({}) == {"network": "bridge", "rootless": True}


def test_a_runtime_that_needs_root_is_refused_without(no_root):
    with pytest.raises(VcperfError) as fault:
        PodmanTestbed.options({"runtime": "runc"})
    assert str(fault.value) == (
        "podman.runtime: runc starts no container without a control group, which needs root;"
        " use crun, or run as root"
    )


def test_a_user_without_crun_is_told_to_install_it(no_root, monkeypatch):
    monkeypatch.setattr("vcperf.testbeds.podman.programs.missing", lambda tools: "")
    monkeypatch.setattr("shutil.which", lambda name, path: None if name == "crun" else name)
    said = "not found: crun, which is for users who are not root; install crun"
    assert PodmanTestbed.host_fault() == said


def test_a_refusal_without_root_says_that_root_may(no_root, monkeypatch):
    refused = subprocess.CompletedProcess([], 1, "", "unshare: unshare failed: not permitted\n")
    monkeypatch.setattr("vcperf.testbeds.container_trial.isolation.run", lambda *_: refused)
    monkeypatch.setattr("vcperf.testbeds.podman.programs.missing", lambda tools: "")
    monkeypatch.setattr("shutil.which", lambda name, path: name)
    assert PodmanTestbed.host_fault() == (
        "no container can be started here (unshare: unshare failed: not permitted); run as root"
    )


def test_auto_never_takes_containers(monkeypatch):
    monkeypatch.setattr("vcperf.testbeds.netns.NetnsTestbed.host_fault", lambda: "refused")
    monkeypatch.setattr("vcperf.testbeds.native.NativeTestbed.host_fault", lambda: "lo is down")
    assert chosen_testbeds({"testbed": "auto"})[0] == ["native"]


def test_the_network_decides_every_block_and_the_link_those_between_nodes():
    change = {
        "testbed": "podman",
        "podman": {"network": "bridge", "runtime": "runc", "link_mbps": 100},
        "netperf": {"paths": {"config1": ["vc00->c000", "c000->c010"], "config2": None}},
        **dict.fromkeys(("bandwidth", "pingpong", "profile", "baseline")),
    }
    specs = {c.labels["path"]: c.spec for c in plan_of(change, host_of("podman", (0, 1))).cells}
    within, between = specs["vc00->c000"], specs["c000->c010"]
    for spec in (within, between):
        assert (spec["network"], spec["runtime"]) == ("bridge", "runc")
    assert "link_mbps" not in within and between["link_mbps"] == 100


@pytest.mark.parametrize("network", ["host", "macvlan", "slirp4netns"])
def test_a_network_that_joins_no_nodes_is_refused_before_anything_is_measured(network, monkeypatch):
    monkeypatch.setattr(Slirp4netns, "host_fault", lambda: "")
    with pytest.raises(VcperfError) as fault:
        plan_of({"testbed": "podman", "podman": {"network": network}}, host_of("podman", (0, 1)))
    said = f"podman.network: {network} does not join nodes; name paths within one, or use bridge"
    assert str(fault.value) == said


@pytest.mark.parametrize("network", ["pasta", "none"])
def test_a_network_that_joins_no_containers_is_refused(network):
    with pytest.raises(VcperfError, match=r"podman\.network: .*bridge"):
        plan_of({"testbed": "podman", "podman": {"network": network}}, host_of("podman", (0, 1)))
