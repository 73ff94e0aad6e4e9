"""Real containers of Docker, started by a daemon of the block's own."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from helpers import local_block, podmanbed
from helpers.checkout import ROOT
from helpers.plans import plan_of
from helpers.processes import descendants, gone, measuring, wait_until

from vcperf.errors import VcperfError
from vcperf.preparation.hosts import host_of
from vcperf.testbeds.docker import DockerTestbed

pytestmark = pytest.mark.xdist_group("measuring")


def spec_of(network="bridge", path="vc00->c000", **changes) -> dict:
    """The spec of a block."""
    netperf = {"paths": {"config1": [path], "config2": None}, "message_bytes": [16384]}
    sections = {"docker": {"network": network, "link_mbps": 50}, "netperf": netperf}
    change = {"testbed": "docker", **local_block.ONE_CELL, **sections}
    block = plan_of(change, host_of("docker", (0, 1))).blocks[0]
    return {**json.loads(block.spec_json), "duration_s": 1, "warmup_s": 0, **changes}


def places() -> list[str]:
    """What the user's own Docker has, and the machine's networks."""
    found = []
    for top in ("/etc/docker", "/var/lib/docker", "/var/lib/containerd", "/run/docker"):
        found += [str(path) for path in Path(top).rglob("*")]
    return [*found, *os.listdir("/sys/class/net")]


@pytest.mark.usefixtures("docker")
@pytest.mark.parametrize(
    "network",
    ["bridge", *(pytest.param(other, marks=pytest.mark.slow) for other in ("host", "macvlan"))],
)
def test_netperf_runs_in_containers_of_docker_on_the_cpus_of_its_domains(tmp_path, network):
    before = places()
    done = local_block.run(spec_of(network), tmp_path / "1.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "1.json").read_text())
    said = rf"docker [\d.]+ \(runc [\d.]+\), network {network}"
    assert re.fullmatch(said, record["host"]["platform"])
    for when in ("before", "after"):
        assert record[when]["pinning"] == {"vc00": [[0]], "c000": [[1]], "c001": [[1]]}
    used = {
        domain: record["after"]["domains"][domain]["cpu_s"] - found["cpu_s"]
        for domain, found in record["before"]["domains"].items()
    }
    assert used["vc00"] > 0.02 and used["c000"] > 0.02 > used["c001"]
    wait_until(lambda: not podmanbed.of_ours(), "the end of all that was in the block")
    assert places() == before and not podmanbed.mounts_of_ours()


@pytest.mark.slow
@pytest.mark.usefixtures("docker")
def test_a_shaped_link_joins_nodes_that_have_a_daemon_each(tmp_path):
    done = local_block.run(spec_of(path="c000->c010"), tmp_path / "1.json")
    assert done.returncode == 0, done.stderr
    commands = json.loads((tmp_path / "1.json").read_text())["commands"]
    report = next(c["output"] for c in commands if c["role"] == "measure")
    assert 10 < float(re.search(r"^THROUGHPUT=([\d.]+)", report, re.M)[1]) < 55


@pytest.mark.slow
@pytest.mark.usefixtures("docker")
def test_a_cpu_that_is_not_there_is_told_in_one_line(tmp_path):
    spec = spec_of()
    spec["nodes"]["node0"]["domains"]["c000"] = [[4711]]
    done = local_block.run(spec, tmp_path / "1.json")
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("domain c000: its container: ") and "4711" in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("docker")
@pytest.mark.parametrize("change", ["the pin", "the block"])
def test_what_somebody_does_to_a_block_meanwhile_is_noticed(tmp_path, change):
    argv = local_block.argv_of(spec_of(duration_s=60), tmp_path / "1.json")
    environment = local_block.environment()
    with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True) as block:
        below = wait_until(lambda: measuring(block.pid), "netperf in a container")
        if change == "the block":
            below = descendants(block.pid)
            assert any("containerd-shim" in name for name in below.values())
            block.kill()
            wait_until(lambda: gone(below), "the end of its processes")
        else:
            first = next(pid for pid, name in sorted(below.items()) if name.startswith("python3"))
            socket = "unix:///run/vcperf/node0/socket"
            update = ["docker", "--host", socket, "update", "--cpuset-cpus=0", "c000"]
            inside = ["nsenter", f"--target={first}", "--mount", "--pid", "--net"]
            subprocess.run([*inside, *update], check=True, capture_output=True)
            netperf = next(p for p, name in below.items() if name.startswith("netperf "))
            os.kill(netperf, signal.SIGINT)  # it ends with a sound report
            _, said = block.communicate()
            assert said.startswith("domain c000: pinned to CPUs [[1]], but after the measurement")
    wait_until(lambda: not podmanbed.of_ours(), "the end of all that was in the block")


@pytest.mark.slow
@pytest.mark.usefixtures("docker")
def test_ranks_are_each_in_their_container_of_docker(mpi_block, checkout):
    subprocess.run([str(ROOT / "envs/setup.sh"), "mpi", "mpich"], check=True)
    sizes = {"message_bytes": [1, 1024], "repetitions": 50}
    argv = mpi_block("docker", None, stacks=["mpich"], loads=["ep"], **sizes)
    done = subprocess.run(argv, cwd=checkout.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((checkout.folder / "record.json").read_text())
    for domain in record["spec"]["ranks"]:
        before, after = (record[when]["domains"][domain]["cpu_s"] for when in ("before", "after"))
        assert after - before > 0.01


@pytest.mark.parametrize("network", ["host", "macvlan"])
def test_a_network_that_joins_no_nodes_is_refused_before_anything_is_measured(network):
    with pytest.raises(VcperfError) as fault:
        spec_of(network, "c000->c010")
    said = f"docker.network: {network} does not join nodes; name paths within one, or use bridge"
    assert str(fault.value) == said


def test_a_user_who_is_not_root_is_told_so(monkeypatch):
    monkeypatch.setattr("vcperf.testbeds.docker.rootless", lambda: True)
    said = "Docker's daemon needs root; run as root, or use testbed podman"
    assert DockerTestbed.host_fault() == said


def test_a_host_without_docker_is_told_the_packages(monkeypatch):
    monkeypatch.setattr("vcperf.testbeds.docker.rootless", lambda: False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("vcperf.testbeds.programs.search_path", lambda: "/nowhere")
    assert DockerTestbed.host_fault() == (
        "not found: docker, dockerd, containerd, runc, iptables;"
        " install containerd, docker.io, iptables, runc"
    )
