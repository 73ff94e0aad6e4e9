"""osu_latency in campaigns. No package of the OSU micro-benchmarks is to be had here: a stand-in
that says it is one plays a real ping-pong, and prints what osu_latency would."""

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers.checkout import ROOT
from helpers.config import NO_NETPERF, pingpong_section

from vcperf.tools import mpi_stacks

pytestmark = [pytest.mark.xdist_group("measuring"), pytest.mark.slow]

SIZES = [1, 2, 4, 8, 16, 32, 64]
CLAIM = {
    "states": "osu_latency takes longer under load",
    "parts": [
        {
            "says": "under load against none",
            "table": "pingpong",
            "metric": "latency_us",
            "where": {"program": "osu_latency"},
            "of": {"load": "ep"},
            "against": {"load": "none"},
            "expect": "higher",
        }
    ],
}


def standin(folder: Path) -> Path:
    """A folder with the stand-in, compiled with MPICH."""
    subprocess.run([ROOT / "envs/setup.sh", "mpi", "mpich"], check=True)
    folder.mkdir()
    stack = mpi_stacks.folder({"kind": "mpich"})
    argv = ["scripts/compile-mpi", "mpich", stack, "True", "tests/standins/osu_latency.c"]
    subprocess.run([*argv, folder / "osu_latency"], check=True, cwd=ROOT)
    return folder


def test_osu_latency_is_measured_beside_our_ping_pong_and_under_load(checkout, tmp_path):
    section = pingpong_section(
        osu=str(standin(tmp_path / "osu")),
        programs=["pingpong", "osu_latency"],
        stacks=["mpich"],
        message_bytes=[SIZES[0], SIZES[-1]],
        repetitions=2000,
        blocks=2,
    )
    (checkout.folder / "claims.yaml").write_text(yaml.safe_dump({"claims": {"load": CLAIM}}))
    change = {**NO_NETPERF, "pingpong": section, "claims": "claims.yaml", "profile": None}
    campaign = checkout.overlay("osu.yaml", change)
    done = checkout.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr

    def table(name):
        return pd.read_csv(checkout.folder / f"results/tables/{name}.csv")

    curves = table("pingpong").groupby(["program", "load", "block"])["message_bytes"].apply(list)
    for (program, _, _), sizes in curves.items():
        assert sizes == (SIZES if program == "osu_latency" else [1, 64])
    assert len(curves) == 8
    assert table("pingpong")["transport"].str.contains("tcp").all()
    osu = table("pingpong").query("program == 'osu_latency'")
    assert (osu["repetitions"] == 2000).all() and (osu["latency_us"] > 0).all()
    assert set(table("pingpong_summary")["program"]) == {"pingpong", "osu_latency"}
    assert set(table("ep_summary")["program"]) == {"pingpong", "osu_latency"}
    assert table("claims")["verdict"].isin(["supported", "contradicted", "open"]).all()
    assert table("claims")["effect_percent"].notna().all()
    for figure in ("latency_load", "latency_stacks"):
        drawn = (checkout.folder / f"results/figures/{figure}.svg").read_text()
        assert "osu_latency" in drawn
    runs = [
        command["output"]
        for record in checkout.read_records()
        for command in record["commands"]
        if command["role"] == "measure" and record["spec"]["program"]["name"] == "osu_latency"
    ]
    assert len(runs) == 4 and all("a stand-in for osu_latency" in run for run in runs)

    # In another place it is the same program; another program there is measured.
    moved = tmp_path / "moved"
    shutil.move(tmp_path / "osu", moved)
    section["osu"] = str(moved)
    checkout.overlay("osu.yaml", change)
    again = checkout.snakemake("-n", "results/figures/", configfile=campaign)
    assert again.returncode == 0 and "rule measure" not in again.stdout, again.stdout
    with (moved / "osu_latency").open("ab") as handle:
        handle.write(b"another")
    other = checkout.snakemake("-n", "results/figures/", configfile=campaign)
    assert other.stdout.count("rule measure") == 4, other.stdout


def test_osu_latency_is_profiled_at_a_point(checkout, tmp_path):
    section = pingpong_section(
        osu=str(standin(tmp_path / "osu")), programs=["osu_latency"], stacks=["mpich"]
    )
    point = {"stacks": ["mpich"], "load": "none", "points": {"A": 1024}, "repetitions": 10**6}
    profile = {"paths": {"config1": None, "config3": None}, "pingpong": point, "blocks": 1}
    change = {**NO_NETPERF, "pingpong": {**section, "loads": ["none"]}, "profile": profile}
    done = checkout.snakemake("results/figures/", configfile=checkout.overlay("osu.yaml", change))
    assert done.returncode == 0, done.stdout + done.stderr
    found = pd.read_csv(checkout.folder / "results/tables/profile_applications.csv")
    assert "osu_latency" in set(found["app"])
