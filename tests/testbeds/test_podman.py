"""Real containers: their pins read back, what disturbs them noticed, nothing of them left."""

import contextlib
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from helpers import local_block, podmanbed
from helpers.plans import plan_of
from helpers.podmanbed import needs_podman
from helpers.processes import descendants, gone, measuring, wait_until

from vcperf.errors import VcperfError
from vcperf.preparation.hosts import host_of
from vcperf.testbeds.container_engine import STATE

pytestmark = [needs_podman, pytest.mark.xdist_group("measuring")]

OTHERS = ("host", "macvlan", "slirp4netns")
WITHIN = {"paths": {"config1": ["vc00->c000"], "config2": None}, "message_bytes": [16384]}


def spec_of(podman=None, netperf=WITHIN, **changes) -> dict:
    """The spec of a block, by default within a node."""
    sections = {"podman": podman or {}, "netperf": netperf}
    change = {"testbed": "podman", **local_block.ONE_CELL, **sections}
    block = plan_of(change, host_of("podman", (0, 1))).blocks[0]
    return {**json.loads(block.spec_json), "duration_s": 1, "warmup_s": 0, **changes}


def one_line(status: int, said: str) -> str:
    """What a block that failed said."""
    assert status == 1 and said.count("\n") == 1 and "Traceback" not in said, said
    return said.strip()


def nothing_is_left() -> bool:
    """Of no block; one of another test may just be there."""
    return not podmanbed.of_ours() and not podmanbed.mounts_of_ours()


@contextlib.contextmanager
def a_block_that_measures(tmp_path):
    """A block whose netperf runs for long, and the first process of its namespaces."""
    argv = local_block.argv_of(spec_of(duration_s=60), tmp_path / "1.json")
    block = subprocess.Popen(argv, env=local_block.environment(), stderr=subprocess.PIPE, text=True)
    try:
        below = wait_until(lambda: measuring(block.pid), "netperf in a container")
        first = next(pid for pid, name in sorted(below.items()) if name.startswith("python3"))
        yield block, first
    finally:
        block.kill()
        block.wait()
        block.stderr.close()
    wait_until(nothing_is_left, "the end of all that was in the block")
    assert not (tmp_path / "1.json").exists()


def podman_of(first: int, *words: str) -> str:
    """A command of podman inside the namespaces of a block."""
    argv = ["nsenter", f"--target={first}", "--mount", "--pid", "--net", "env"]
    argv += [f"CONTAINERS_CONF={STATE}/nodes/node0.conf"]
    argv += [f"CONTAINERS_STORAGE_CONF={STATE}/storage.conf", "podman", *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    # It ends with the namespaces when what it does ends the block.
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "network",
    ["bridge", *(pytest.param(other, marks=pytest.mark.slow) for other in OTHERS)],
)
def test_netperf_runs_in_containers_on_the_cpus_of_its_domains(tmp_path, network):
    done = local_block.run(spec_of({"network": network}), tmp_path / "1.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "1.json").read_text())
    versions = rf"podman [\d.]+ \((crun|runc) [\d.]+\), network {network}"
    assert re.fullmatch(versions, record["host"]["platform"])
    assert re.fullmatch(r"localhost/vcperf:[0-9a-f]{12}", record["host"]["image"])
    assert record["spec"]["network"] == network
    for when in ("before", "after"):
        assert record[when]["pinning"] == {"vc00": [[0]], "c000": [[1]], "c001": [[1]]}
    used = {
        domain: record["after"]["domains"][domain]["cpu_s"] - found["cpu_s"]
        for domain, found in record["before"]["domains"].items()
    }
    assert used["vc00"] > 0.02 and used["c000"] > 0.02 > used["c001"]
    for command in record["commands"]:
        assert command["argv"][0] in {"crun", "runc"} and command["argv"][1] == "exec"
    wait_until(nothing_is_left, "the end of all that was in the block")


@pytest.mark.slow
def test_a_shaped_link_joins_the_bridges_of_two_nodes(tmp_path):
    between = {**WITHIN, "paths": {"config1": ["c000->c010"], "config2": None}}
    spec = spec_of({"link_mbps": 50}, between)
    assert spec["link_mbps"] == 50
    done = local_block.run(spec, tmp_path / "1.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "1.json").read_text())
    report = next(c["output"] for c in record["commands"] if c["role"] == "measure")
    assert 10 < float(re.search(r"^THROUGHPUT=([\d.]+)", report, re.M)[1]) < 55


@pytest.mark.slow
@pytest.mark.parametrize("path", ["c000->vc00", "c000->c001"])
def test_slirp4netns_of_guests_works_on_the_cpu_of_the_dom0(tmp_path, path):
    netperf = {**WITHIN, "paths": {"config1": [path], "config2": None}}
    done = local_block.run(spec_of({"network": "slirp4netns"}, netperf), tmp_path / "1.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "1.json").read_text())
    before, after = record["before"], record["after"]
    assert before["pinning"]["vc00"] == after["pinning"]["vc00"] == [[0]]
    used = after["domains"]["vc00"]["cpu_s"] - before["domains"]["vc00"]["cpu_s"]
    assert used > 0.02, "what carries the traffic counts"


def test_a_pin_that_is_refused_is_told_in_one_line(tmp_path):
    spec = spec_of()
    spec["nodes"]["node0"]["domains"]["c000"] = [[4711]]
    done = local_block.run(spec, tmp_path / "1.json")
    said = one_line(done.returncode, done.stderr)
    assert said.startswith("domain c000: its container: requested CPUs are not available")
    assert not (tmp_path / "1.json").exists()
    wait_until(nothing_is_left, "the end of all that was in the block")


@pytest.mark.slow
def test_a_pin_that_somebody_changes_meanwhile_is_noticed(tmp_path):
    with a_block_that_measures(tmp_path) as (block, first):
        podman_of(first, "update", "--cpuset-cpus=0", "c000")
        (netperf,) = [p for p, n in descendants(block.pid).items() if n.startswith("netperf ")]
        os.kill(netperf, signal.SIGINT)  # it ends with a sound report
        _, said = block.communicate()
        said = one_line(block.returncode, said)
        assert said.startswith(
            "domain c000: pinned to CPUs [[1]], but after the measurement it was"
        )


@pytest.mark.slow
@pytest.mark.parametrize("domain", ["vc00", "c000", "c001"])
def test_a_container_that_is_killed_meanwhile_is_told_in_one_line(tmp_path, domain):
    with a_block_that_measures(tmp_path) as (block, first):
        podman_of(first, "kill", domain)
        if domain == "c001":  # an idle one: what is measured goes on
            (netperf,) = [p for p, n in descendants(block.pid).items() if n.startswith("netperf ")]
            os.kill(netperf, signal.SIGINT)
        _, said = block.communicate()
        said = one_line(block.returncode, said)
        assert domain != "c001" or said.startswith("domain c001: its container has ended")


@pytest.mark.parametrize(
    "whom", ["the block", pytest.param("its first process", marks=pytest.mark.slow)]
)
def test_nothing_outlives_a_block_that_is_killed(tmp_path, whom):
    with a_block_that_measures(tmp_path) as (block, first):
        below = descendants(block.pid)
        assert any("conmon" in name for name in below.values())
        os.kill(block.pid if whom == "the block" else first, signal.SIGKILL)
        wait_until(lambda: gone(below), "the end of its processes")
    left = podmanbed.groups()
    assert left, "empty control groups are all"
    for group in left:
        os.utime(group, (0, 0))  # as if that was long ago
    assert local_block.run(spec_of(), tmp_path / "2.json").returncode == 0
    assert not set(left) & set(podmanbed.groups()), "the next block sweeps them"


@pytest.mark.parametrize("network", ["host", "macvlan"])
def test_a_network_that_joins_no_nodes_is_refused_before_anything_is_measured(network):
    between = {**WITHIN, "paths": {"config1": ["c000->c010"], "config2": None}}
    with pytest.raises(VcperfError, match=rf"podman.network: {network} does not join nodes"):
        spec_of({"network": network}, between)


@pytest.mark.slow
def test_the_users_own_podman_is_left_alone(tmp_path):
    places = ["/var/lib/containers", "/run/containers", "/etc/containers", "/run/netns"]

    def state():
        found = subprocess.run(
            ["find", *places, "-printf", "%p %T@ %s\n"], capture_output=True, text=True, check=False
        )
        rules = Path("/proc/net/ip_tables_names")
        return found.stdout, os.listdir("/sys/class/net"), rules.exists() and rules.read_text()

    before = state()
    assert local_block.run(spec_of(), tmp_path / "1.json").returncode == 0
    assert state() == before
