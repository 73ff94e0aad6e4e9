"""The MPI chapter with real stacks: ping-pong on one virtual cluster, EP on the other."""

import json
import os
import re
import subprocess

import pandas as pd
import pytest
from helpers.checkout import planned_jobs
from helpers.config import NO_NETPERF, pingpong_section

pytestmark = pytest.mark.xdist_group("measuring")

COLUMNS = (
    "testbed pinning stack program load message_bytes block repetitions latency_us"
    " bandwidth_mbytes_per_s"
).split()


def overlay(checkout, **changes) -> str:
    return checkout.overlay("mpi.yaml", {**NO_NETPERF, "pingpong": pingpong_section(**changes)})


@pytest.mark.slow
def test_two_stacks_are_measured_with_and_without_load(checkout):
    done = checkout.snakemake("results/figures/", configfile=overlay(checkout))
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_csv(checkout.folder / "results/tables/pingpong.csv")
    assert set(COLUMNS) <= set(table.columns)
    assert len(table) == 2 * 2 * 4 and (table["latency_us"] > 0).all()
    assert set(zip(table["stack"], table["load"], strict=True)) == {
        (stack, load) for stack in ("mpich", "openmpi") for load in ("none", "ep")
    }
    assert table["transport"].str.contains("tcp").all()
    speeds = pd.read_csv(checkout.folder / "results/tables/ep.csv")
    assert set(speeds["phase"]) == {"alone", "pingpong"}
    alone = speeds[speeds["phase"] == "alone"]
    assert (alone["steps"] >= 2).all() and (alone["verified"] == "yes").all()
    for record in checkout.read_records():
        payload = 1 + 1024 + 16384 + 65536  # of one repetition of each size
        assert min(record["received_bytes"].values()) > payload
        assert record["before"]["pinning"] == record["after"]["pinning"]
        for domain, masks in record["during"]["pinning"].items():
            assert masks == record["before"]["pinning"][domain]
        if record["spec"]["stack"]["kind"] == "openmpi":
            # Its launcher ends before its agents: what their ranks took is not lost. (MPICH's
            # waits for them, and all of it is the launcher's domain's.)
            for domain in record["spec"]["ranks"]:
                during, after = (record[when]["domains"][domain] for when in ("during", "after"))
                assert after["cpu_s"] > during["cpu_s"], domain
        roles = {command["role"]: command for command in record["commands"]}
        if "load" in record["spec"]:
            assert roles["load"]["start"] < roles["measure"]["start"]
            assert roles["measure"]["end"] < roles["load"]["end"]
    figures = {p.name for p in (checkout.folder / "results/figures").glob("*.svg")}
    assert {"latency_load.svg", "latency_stacks.svg", "ep.svg", "claims.svg"} <= figures
    again = checkout.snakemake("-n", "results/figures/", configfile="mpi.yaml")
    assert "Nothing to be done" in again.stdout + again.stderr

    def measured(**changes):
        return planned_jobs(checkout, overlay(checkout, **changes))[0]

    assert measured(repetitions=399) and len(measured(repetitions=399)) == 4
    loaded = measured(load={"class": "W", "cluster": "vc1"})
    assert len(loaded) == 2 and all("_ep_" in record for record in loaded)
    # A program compiled anew measures nothing.
    for program in (checkout.folder / "results/programs").rglob("pingpong"):
        os.utime(program)
    assert measured() == set()


def test_a_sites_own_ep_runs_again_and_again(mpi_block, checkout):
    """Ours without -repeat stands for NPB's, which ends."""
    own = checkout.folder / "ep.S.x"
    argv = mpi_block(
        stacks=["mpich"],
        loads=["ep"],
        load={"class": "S", "cluster": "vc1", "program": str(own)},
    )
    (ours,) = (checkout.folder / "results/programs").rglob("ep")
    own.write_text(f"#!/bin/sh\nexec '{ours}' S\n")
    own.chmod(0o755)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((checkout.folder / "record.json").read_text())
    (load,) = [command for command in record["commands"] if command["role"] == "load"]
    assert load["steps"]["alone"] >= 3 and load["steps"]["checked"] >= load["steps"]["ended"] + 2
    assert load["output"].count("EP Benchmark Results") >= load["steps"]["checked"]
    assert re.search(r"\d\.\d", record["mpiexec"])
    assert re.fullmatch("[0-9a-f]{12}", record["programs"]["pingpong"]["digest"])
    assert re.search(r"\d\.\d", record["programs"]["pingpong"]["compiler"])


def test_a_stack_that_is_not_there_spoils_its_blocks_alone(checkout):
    stacks = {"mine": {"kind": "openmpi", "folder": "/nowhere/mpi"}}
    wanted = pingpong_section(stacks=["mpich", "mine"], loads=["none"])
    campaign = checkout.overlay("mpi.yaml", {**NO_NETPERF, "stacks": stacks, "pingpong": wanted})
    done = checkout.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 1
    (record,) = checkout.read_records()
    assert record["spec"]["stack"]["kind"] == "mpich"
    (log,) = (checkout.folder / "results/logs/compile").rglob("openmpi-*/pingpong.log")
    assert log.read_text().startswith("compile-mpi: /nowhere/mpi/bin/mpicc: not found")
