"""MPI on hosts reached by ssh that cannot log in to each other: real sshd, real stacks."""

import os
import signal
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers.guests import NAMES
from helpers.mpi_blocks import LONG, one_line
from helpers.mpi_hosts import SIZES, STACKS, change_of, left_behind
from helpers.plans import prepared
from helpers.processes import gone, wait_until

from vcperf.basics.context import of_testbed
from vcperf.testbeds import compile_there, remote_mpi
from vcperf.tools import mpi_stacks

pytestmark = pytest.mark.xdist_group("measuring")


@pytest.mark.slow
def test_two_stacks_run_on_hosts_with_and_without_load(mpi_hosts, guests):
    campaign = mpi_hosts.overlay("mpi.yaml", change_of(STACKS, loads=["none", "ep"]))
    done = mpi_hosts.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_csv(mpi_hosts.folder / "results/tables/pingpong.csv")
    assert len(table) == 2 * 2 * len(SIZES) and (table["latency_us"] > 0).all()
    assert table["transport"].str.contains("tcp").all()
    speeds = pd.read_csv(mpi_hosts.folder / "results/tables/ep.csv")
    assert set(speeds["phase"]) == {"alone", "pingpong"}
    alone = speeds[speeds["phase"] == "alone"]
    assert (alone["steps"] >= 2).all() and (alone["verified"] == "yes").all()
    for record in mpi_hosts.read_records():
        assert min(record["received_bytes"].values()) > sum(SIZES)
        assert record["before"]["pinning"] == record["after"]["pinning"]
        # What ranks take is ours, on both hosts and while they run.
        both = record["spec"].get("load", {}).get("ranks", []) + record["spec"]["ranks"]
        for domain in both:
            during, after = (record[when]["domains"][domain] for when in ("during", "after"))
            assert after["cpu_s"] > during["cpu_s"], domain
    wait_until(lambda: not left_behind(guests), "the end of all")
    again = mpi_hosts.snakemake("-n", "results/figures/", configfile="mpi.yaml")
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.fixture
def block(mpi_hosts, monkeypatch):
    """The command line of a block by hand, its programs compiled there."""

    def make(**changes):
        monkeypatch.chdir(mpi_hosts.folder)
        # The hosts are this machine: its lock is theirs.
        monkeypatch.setenv("VCPERF_NODE_LOCKED", "1")
        (only,) = prepared(mpi_hosts.overlay("mpi.yaml", change_of(**changes))).plan.blocks
        stack = only.cell.spec["stack"]
        context = os.environ["VCPERF_CONTEXT"]
        for name in ("pingpong", "ep"):
            program = mpi_stacks.program(stack, name)
            os.makedirs(os.path.dirname(program), exist_ok=True)
            source = f"scripts/workloads/mpi/{name}.c"
            own = of_testbed(yaml.safe_load(context), "native")
            compile_there.compile_there(stack["host"], stack["folder"], source, program, own)
        module = ["python3", "-S", "-m", "vcperf.measure.pingpong"]
        return ["scripts/isolate", "native", *module, only.spec_json, "record.json", context]

    return make


def ranks_in(guests, name: str, count: int) -> list[int]:
    """The processes of a name in the hosts, once there are so many."""
    spaces = {guests.within(index) for index in range(len(NAMES))}
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            if Path(f"/proc/{pid}/comm").read_text().strip() != name:
                continue
            if os.readlink(f"/proc/{pid}/ns/net") in spaces:
                found.append(pid)
        except OSError:
            continue
    return found if len(found) >= count else []


@pytest.mark.slow
@pytest.mark.parametrize(("stack", "rank"), [("mpich", 0), ("mpich", 1), ("openmpi", 1)])
def test_a_rank_that_dies_is_one_line_and_leaves_nothing(
    block,
    mpi_hosts,
    guests,
    in_new_session,
    stack,
    rank,
):
    """Rank 0 is the launcher's child, rank 1 on another host."""
    argv = block(stacks=[stack], loads=["ep"], **LONG)
    with (mpi_hosts.folder / "said").open("w") as said:
        run = subprocess.Popen(argv, stderr=said, stdout=said, start_new_session=True)
    in_new_session(run)
    ranks = wait_until(lambda: ranks_in(guests, "pingpong", 2), "two ranks running")
    there = guests.within(rank)
    os.kill(next(p for p in ranks if os.readlink(f"/proc/{p}/ns/net") == there), signal.SIGKILL)
    run.wait(60)
    said = (mpi_hosts.folder / "said").read_text().splitlines()
    # Other tests may be measuring on this machine.
    said = [line for line in said if not line.startswith("Waiting: another campaign")]
    assert stack in one_line(run, "\n".join(said))
    assert not (mpi_hosts.folder / "record.json").exists()
    wait_until(lambda: not left_behind(guests), "the end of all")


@pytest.mark.slow
@pytest.mark.parametrize("stack", STACKS)
def test_a_killed_block_leaves_nothing(block, guests, in_new_session, stack):
    run = subprocess.Popen(block(stacks=[stack], loads=["ep"], **LONG), start_new_session=True)
    in_new_session(run)
    wait_until(lambda: ranks_in(guests, "pingpong", 2), "both jobs running")
    assert len(ranks_in(guests, "ep", 2)) == 2
    run.kill()
    run.wait()
    wait_until(lambda: gone({run.pid: None}) and not left_behind(guests), "the end of all")


def test_the_interface_of_an_address_is_found():
    assert remote_mpi.interface_of("2: eth0    inet 10.9.0.11/24 scope global eth0") == "eth0"
    assert remote_mpi.interface_of("") == ""
