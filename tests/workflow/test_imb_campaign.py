"""IMB-MPI1 in campaigns: its twelve benchmarks, on Intel MPI and MPICH, and three nodes."""

import json
import subprocess

import pandas as pd
import pytest
from helpers.checkout import ROOT
from helpers.config import NO_NETPERF, pingpong_section

from vcperf.config import files
from vcperf.tools import imb

pytestmark = pytest.mark.xdist_group("measuring")

IMB = {"programs": ["IMB-MPI1"], "stacks": ["mpich", "intel"]}
THREE = files.read_yaml(ROOT / "config/campaigns/mpi.yaml")


@pytest.mark.parametrize("testbed", ["auto", "native"])
@pytest.mark.parametrize("stack", ["mpich", "openmpi"])
def test_ranks_of_one_node_belong_each_to_its_domain(mpi_block, checkout, testbed, stack):
    """Two CPUs tell them apart: launchers hand their environment to all ranks."""
    argv = mpi_block(
        testbed,
        clusters={"vc0": ["c000", "c001"], "vc1": ["c010"]},
        stacks=[stack],
        loads=["none"],
        message_bytes=[65536],
    )
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((checkout.folder / "record.json").read_text())
    assert found["during"]["pinning"]["c000"] != found["during"]["pinning"]["c001"]


@pytest.mark.slow
@pytest.mark.parametrize("testbed", ["auto", "native"])
def test_every_benchmark_runs_on_three_ranks(mpi_block, checkout, testbed):
    """Sizes that a reduction rounds, roots that change, and Barrier without any."""
    subprocess.run([ROOT / "envs/setup.sh", "mpi", "intel"], check=True)
    own = {"imb": str(ROOT / ".tools/mpi/intel/bin/IMB-MPI1"), "programs": ["IMB-MPI1"]}
    sizes = [0, 4, 1000, 65536]
    for name in imb.BENCHMARKS:
        argv = mpi_block(
            testbed,
            clusters={"vc0": ["c000", "c001", "c010"], "vc1": ["c011"]},
            stacks=["mpich"],
            loads=["none"],
            benchmarks=[name],
            message_bytes=sizes,
            repetitions=20,
            **own,
        )
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        found = json.loads((checkout.folder / "record.json").read_text())
        (run,) = found["commands"]
        rows = imb.parse(run["output"])
        assert {row["benchmark"] for row in rows} == {name}
        assert {row["processes"] for row in rows} == {2 if name.startswith("PingP") else 3}
        if name != "Barrier":
            assert [row["message_bytes"] for row in rows] == sizes


@pytest.mark.slow
def test_imb_is_measured_on_intel_mpi_and_mpich(checkout):
    wanted = pingpong_section(**IMB, benchmarks=["PingPong", "Allreduce"], repetitions=100)
    campaign = checkout.overlay("mpi.yaml", {**NO_NETPERF, "pingpong": wanted})
    done = checkout.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    tables = {
        name: pd.read_csv(checkout.folder / f"results/tables/{name}.csv")
        for name in ("pingpong", "imb", "ep")
    }
    sizes_of = {"pingpong": [1, 1024, 16384, 65536], "imb": [4, 1024, 16384, 65536]}
    for name, sizes in sizes_of.items():
        table = tables[name]
        cells = table.groupby(["stack", "load"])["message_bytes"].apply(list).to_dict()
        assert cells == {(s, load): sizes for s in IMB["stacks"] for load in ("none", "ep")}
        assert (table["latency_us"] > 0).all() and table["transport"].str.contains("tcp").all()
    assert set(tables["imb"]["benchmark"]) == {"Allreduce"}
    assert (tables["imb"]["t_min_us"] <= tables["imb"]["t_max_us"]).all()
    assert set(tables["ep"]["program"]) == {"IMB-MPI1"}
    # On a busy host no step may lie whole within so short a ping-pong.
    some = tables["ep"][tables["ep"]["steps"] > 0]
    assert "alone" in set(some["phase"]) and (some["verified"] == "yes").all()
    held = pd.read_csv(checkout.folder / "results/tables/pingpong_programs.csv")
    assert held.empty  # IMB's program alone was measured
    told = json.loads((checkout.folder / "results/provenance.json").read_text())
    assert told["blocks"]["imb"]["planned"] == 4 and told["blocks"]["imb"]["missing"] == 0
    assert sum(told["blocks"]["imb"]["status"].values()) == 4


@pytest.mark.slow
def test_three_nodes_are_measured_in_both_pinnings(checkout):
    small = {"stacks": ["mpich"], "blocks": 1, "message_bytes": [1, 1024, 65536], "seconds": 0.1}
    change = {
        **THREE,
        "pingpong": {**pingpong_section(), **THREE["pingpong"], **small, "loads": ["ep"]},
    }
    change["pingpong"] |= {"benchmarks": ["PingPong", "Bcast"], "repetitions": 10}
    done = checkout.snakemake("results/figures/", configfile=checkout.overlay("three.yaml", change))
    assert done.returncode == 0, done.stdout + done.stderr
    found = checkout.read_records()
    assert len(found) == 6
    for record in found:
        players = set(record["spec"]["ranks"])
        assert set(record["received_bytes"]) == players
        assert len(players) == (3 if record["spec"]["kind"] == "imb" else 2)
        load = next(c for c in record["commands"] if c["role"] == "load")
        assert "processes 3" in load["output"]
        for domain, masks in record["during"]["pinning"].items():
            assert masks == record["before"]["pinning"][domain]
