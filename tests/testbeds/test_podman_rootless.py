"""Real containers of a user who is not root: no control groups, CPUs by affinity."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess

import pytest
from helpers import local_block, podmanbed
from helpers.checkout import ROOT
from helpers.mpi_blocks import pingpong_argv
from helpers.plans import plan_of
from helpers.podmanbed import needs_podman
from helpers.processes import descendants, gone, measuring, wait_until
from helpers.unprivileged import AS_USER, users_checkout

from vcperf.preparation.hosts import host_of

pytestmark = [needs_podman, pytest.mark.xdist_group("measuring")]


@pytest.fixture(scope="module")
def theirs():
    with users_checkout() as checkout:
        yield checkout


def spec_of(network="bridge", path="vc00->c000", **changes) -> dict:
    """The spec of a block, as the user would plan it."""
    netperf = {"paths": {"config1": [path], "config2": None}, "message_bytes": [16384]}
    sections = {"podman": {"network": network, "link_mbps": 50}, "netperf": netperf}
    change = {"testbed": "podman", **local_block.ONE_CELL, **sections}
    block = plan_of(change, host_of("podman", (0, 1))).blocks[0]
    short = {"duration_s": 1, "warmup_s": 0}
    return {**json.loads(block.spec_json), **short, "rootless": True, **changes}


def measured(theirs, spec: dict) -> dict:
    """The record of a block that went well."""
    done = theirs.run(theirs.argv(spec, "record.json"))
    assert done.returncode == 0, done.stderr
    return json.loads((theirs.folder / "record.json").read_text())


def used_in(record: dict) -> dict[str, float]:
    """CPU seconds of each domain while it was measured."""
    before, after = record["before"]["domains"], record["after"]["domains"]
    return {domain: after[domain]["cpu_s"] - found["cpu_s"] for domain, found in before.items()}


@pytest.mark.parametrize(
    "network",
    ["bridge", *(pytest.param(other, marks=pytest.mark.slow) for other in ("host", "macvlan"))],
)
def test_a_user_measures_in_containers_on_the_cpus_of_their_domains(theirs, network):
    before = podmanbed.groups()
    record = measured(theirs, spec_of(network))
    said = rf"podman [\d.]+ \(crun [\d.]+\), network {network}, rootless, CPUs by affinity"
    assert re.fullmatch(said, record["host"]["platform"])
    for when in ("before", "after"):
        assert record[when]["pinning"] == {"vc00": [[0]], "c000": [[1]], "c001": [[1]]}
    used = used_in(record)
    assert used["vc00"] > 0.02 and used["c000"] > 0.02 > used["c001"]
    assert podmanbed.groups() == before, "no control group is made"
    wait_until(lambda: not podmanbed.of_ours(), "the end of all that was in the block")


@pytest.mark.slow
def test_a_users_nodes_are_joined_by_a_shaped_link(theirs):
    record = measured(theirs, spec_of(path="c000->c010"))
    report = next(c["output"] for c in record["commands"] if c["role"] == "measure")
    assert 10 < float(re.search(r"^THROUGHPUT=([\d.]+)", report, re.M)[1]) < 55


@pytest.mark.slow
def test_a_user_measures_by_slirp4netns(theirs):
    if shutil.which("slirp4netns") is None:
        pytest.skip("no slirp4netns here")
    # Where users may make tap devices, as on most distributions: a device file of the test's own.
    tun = theirs.folder / "tun"
    os.mknod(tun, 0o666 | stat.S_IFCHR, os.makedev(10, 200))
    tun.chmod(0o666)
    opened = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        f'mount --bind {tun} /dev/net/tun && exec "$@"',
        "sh",
    ]
    done = theirs.run([*opened, *theirs.argv(spec_of("slirp4netns"), "record.json")])
    assert done.returncode == 0, done.stderr
    record = json.loads((theirs.folder / "record.json").read_text())
    assert record["after"]["pinning"] == {"vc00": [[0]], "c000": [[1]], "c001": [[1]]}
    assert "network slirp4netns, rootless" in record["host"]["platform"]


def block_that_measures(theirs) -> tuple[subprocess.Popen, int]:
    """A block whose netperf runs for long, and that netperf's process."""
    block = subprocess.Popen(
        theirs.argv(spec_of(duration_s=60), "long.json"),
        cwd=theirs.folder,
        env=theirs.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    below = wait_until(lambda: measuring(block.pid), "netperf in a container")
    return block, next(pid for pid, name in below.items() if name.startswith("netperf "))


@pytest.mark.slow
def test_a_process_that_leaves_its_cpus_meanwhile_is_noticed(theirs):
    block, netperf = block_that_measures(theirs)
    with block:
        server = next(p for p, n in descendants(block.pid).items() if n.startswith("netserver "))
        os.sched_setaffinity(server, {0, 1})
        os.kill(netperf, signal.SIGINT)  # it ends with a sound report
        _, said = block.communicate()
    assert block.returncode == 1 and said.count("\n") == 1
    assert said.startswith("domain c000: pinned to CPUs [[1]], but after the measurement it was")


@pytest.mark.slow
def test_nothing_outlives_a_users_block_that_is_killed(theirs):
    block, _ = block_that_measures(theirs)
    with block:
        below = descendants(block.pid)
        assert any("conmon" in name for name in below.values())
        block.kill()
        wait_until(lambda: gone(below), "the end of its processes")
    wait_until(lambda: not podmanbed.of_ours(), "the end of all that was in the block")


@pytest.mark.slow
def test_ranks_of_a_user_are_each_in_their_container(theirs, monkeypatch):
    subprocess.run([str(ROOT / "envs/setup.sh"), "mpi", "mpich"], check=True)
    sizes = {"message_bytes": [1, 1024], "repetitions": 50}
    argv = pingpong_argv(theirs, monkeypatch, "podman", stacks=["mpich"], loads=["ep"], **sizes)
    argv[-2] = json.dumps({**json.loads(argv[-2]), "rootless": True})
    theirs.give()
    done = theirs.run([*AS_USER, *argv])
    assert done.returncode == 0, done.stderr
    record = json.loads((theirs.folder / "record.json").read_text())
    used = used_in(record)
    assert all(used[domain] > 0.01 for domain in record["spec"]["ranks"])
