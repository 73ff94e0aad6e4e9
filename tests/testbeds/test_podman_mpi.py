"""The MPI ping-pong between real containers."""

import json
import subprocess

import pytest
from helpers import podmanbed
from helpers.checkout import ROOT
from helpers.podmanbed import needs_podman
from helpers.processes import wait_until

pytestmark = [needs_podman, pytest.mark.slow, pytest.mark.xdist_group("measuring")]

# Open MPI's launcher now and then loses the way to its daemon; a campaign tries again as well.
LOST, ATTEMPTS = "UNSUPPORTED DAEMON ERROR STATE: NO PATH TO TARGET", 2
WITHIN = {"vc0": ["vc00", "c000"], "vc1": ["c001"]}


@pytest.mark.parametrize(
    ("stack", "load", "clusters"),
    [("mpich", "ep", None), ("openmpi", "none", None), ("mpich", "none", WITHIN)],
)
def test_messages_cross_the_network_between_containers(mpi_block, checkout, stack, load, clusters):
    subprocess.run([str(ROOT / "envs/setup.sh"), "mpi", stack], check=True)
    sizes = {"message_bytes": [1, 1024], "repetitions": 50}
    argv = mpi_block("podman", clusters, stacks=[stack], loads=[load], **sizes)
    for _ in range(ATTEMPTS):
        done = subprocess.run(
            argv, cwd=checkout.folder, capture_output=True, text=True, check=False
        )
        if LOST not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
    record = json.loads((checkout.folder / "record.json").read_text())
    ranks = record["spec"]["ranks"]
    assert set(record["received_bytes"]) == set(ranks)
    assert min(record["received_bytes"].values()) > 50 * 1024
    used = {
        domain: record["after"]["domains"][domain]["cpu_s"] - found["cpu_s"]
        for domain, found in record["before"]["domains"].items()
    }
    assert all(used[domain] > 0.01 for domain in ranks), "each rank is in its own container"
    wait_until(lambda: not podmanbed.of_ours(), "the end of all that was in the block")


def test_ranks_are_refused_where_only_some_ports_are_forwarded(mpi_block, checkout):
    subprocess.run([str(ROOT / "envs/setup.sh"), "mpi", "mpich"], check=True)
    sizes = {"message_bytes": [1, 1024], "repetitions": 50}
    argv = mpi_block("podman", WITHIN, stacks=["mpich"], loads=["none"], **sizes)
    argv[-2] = json.dumps({**json.loads(argv[-2]), "network": "slirp4netns"})
    done = subprocess.run(argv, cwd=checkout.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr == (
        "cluster of vc00, c000: podman.network slirp4netns forwards some ports only, and ranks"
        " listen on any; use bridge\n"
    )
