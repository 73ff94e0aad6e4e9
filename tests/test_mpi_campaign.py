"""The MPI chapter with real stacks: ping-pong on one virtual cluster, EP on the other."""

import json
import os
import re
import subprocess

import pandas as pd
import pytest
from conftest import ROOT
from test_config import plan_of
from test_rerun import planned_jobs

from vcperf import config, preparation
from vcperf.analysis import latency
from vcperf.errors import VcperfError
from vcperf.figures import latency as pictures
from vcperf.measure import pingpong
from vcperf.tools import mpi_stacks

pytestmark = pytest.mark.xdist_group("measuring")

SMALL = {"blocks": 1, "seconds": 0.3, "message_bytes": [1, 1024, 16384, 65536]}
ONLY = {"netperf": {"paths": {"config1": None, "config2": None}}}
DEFAULT = config.read_yaml(ROOT / "config/config.yaml")
COLUMNS = (
    "testbed pinning stack program load message_bytes block repetitions latency_us"
    " bandwidth_mbytes_per_s"
).split()


def section(**changes) -> dict:
    return {**DEFAULT["pingpong"], **SMALL, **changes}


def overlay(checkout, **changes) -> str:
    return checkout.overlay("mpi.yaml", {**ONLY, "pingpong": section(**changes)})


@pytest.mark.slow
def test_two_stacks_with_and_without_load(checkout):
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


@pytest.fixture
def block(checkout, monkeypatch):
    """The command line of a block by hand, its programs compiled."""

    def make(testbed="auto", clusters=None, **changes):
        monkeypatch.chdir(checkout.folder)
        changed = {**ONLY, "testbed": testbed, "pingpong": section(**changes)}
        changed["clusters"] = clusters or DEFAULT["clusters"]
        sources = [ROOT / "config/config.yaml", checkout.overlay("mpi.yaml", changed)]
        merged = config.merge(config.read_yaml(sources[0]), config.read_yaml(sources[1]))
        ready = preparation.prepare(merged, sources)
        (only,) = ready.plan.blocks
        spec = only.cell.spec
        for name in ("pingpong", "ep"):
            program = mpi_stacks.program(spec["stack"], name)
            os.makedirs(os.path.dirname(program), exist_ok=True)
            source = f"scripts/workloads/mpi/{name}.c"
            there = [spec["stack"]["kind"], mpi_stacks.folder(spec["stack"]), "True"]
            subprocess.run(["scripts/compile-mpi", *there, source, program], check=True)
        monkeypatch.setenv("VCPERF_NODE_LOCKED", "1")
        module = ["python3", "-S", "-m", f"vcperf.measure.{only.cell.kind}"]
        return ["scripts/isolate", ready.hosts[0].testbed, *module, only.spec_json, "record.json"]

    return make


def test_a_sites_own_ep_runs_again_and_again(block, checkout):
    """Ours without -repeat stands for NPB's, which ends."""
    own = checkout.folder / "ep.S.x"
    argv = block(
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


def test_a_stack_that_is_not_there_spoils_its_blocks_alone(checkout):
    stacks = {"mine": {"kind": "openmpi", "folder": "/nowhere/mpi"}}
    wanted = section(stacks=["mpich", "mine"], loads=["none"])
    campaign = checkout.overlay("mpi.yaml", {**ONLY, "stacks": stacks, "pingpong": wanted})
    done = checkout.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 1
    (record,) = checkout.read_records()
    assert record["spec"]["stack"]["kind"] == "mpich"
    (log,) = (checkout.folder / "results/logs/compile").rglob("openmpi-*/pingpong.log")
    assert log.read_text().startswith("compile-mpi: /nowhere/mpi/bin/mpicc: not found")


def test_messages_that_cross_no_network_are_an_error():
    spec = {"ranks": ["a", "b"], "stack": {"kind": "mpich"}, "message_bytes": [1048576]}
    run = {"status": 0, "output": (ROOT / "tests/data/imb/pingpong-mpich.txt").read_text()}
    rows = pingpong.imb.parse(run["output"])
    spec["message_bytes"] = [row["message_bytes"] for row in rows]
    sent = sum((row["message_bytes"] + 54) * row["repetitions"] for row in rows)
    pingpong._check(spec, run, {"a": sent, "b": sent})
    with pytest.raises(VcperfError, match=r"b received 0 bytes .* another transport"):
        pingpong._check(spec, run, {"a": sent, "b": 0})


@pytest.mark.parametrize(("benchmark", "each"), [("Barrier", 54), ("Bcast", 16)])
def test_what_launchers_send_passes_for_no_messages(benchmark, each):
    """Messages of no bytes, which are packets all the same; a root's may share them."""
    text = (ROOT / f"tests/data/imb/mpich-{benchmark}.txt").read_text()
    spec = {"ranks": ["a", "b"], "stack": {"kind": "mpich"}, "benchmark": benchmark}
    rows = pingpong.imb.parse(text)
    spec["message_bytes"] = [r["message_bytes"] for r in rows if r["message_bytes"] is not None]
    sent = sum(((row["message_bytes"] or 0) + each) * row["repetitions"] for row in rows)
    run = {"status": 0, "output": text}
    pingpong._check(spec, run, {"a": sent, "b": 0})
    with pytest.raises(VcperfError, match="another transport"):
        pingpong._check(spec, run, {"a": sent // 2, "b": sent // 4})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pingpong": {"cluster": "vc2"}}, "pingpong.cluster: unknown cluster 'vc2'"),
        ({"pingpong": {"stacks": ["mpich2"]}}, "pingpong.stacks: unknown stack 'mpich2'"),
        ({"pingpong": {"pinnings": ["config9"]}}, "pingpong.pinnings[0]: unknown pinning"),
        ({"clusters": {"vc0": ["c000"]}}, "pingpong.cluster: 1 domain; messages need two"),
        ({"clusters": {"vc0": ["c000", "c099"]}}, "clusters.vc0[1]: unknown domain 'c099'"),
        ({"clusters": {"vc1": ["c000", "c011"]}}, "c000 is in both clusters"),
        ({"pingpong": {"programs": ["IMB-MPI1"]}}, "does not load on Open MPI"),
        ({"pingpong": {"programs": ["PingPongg"]}}, "pingpong.programs[0]: 'PingPongg' is not one"),
        (
            {"pingpong": {"benchmarks": ["Bcats"]}},
            "pingpong.benchmarks[0]: 'Bcats' is not one of ['PingPong', 'PingPing'",
        ),
        (
            {"pingpong": {"benchmarks": ["PingPong", "Bcast"]}},
            "pingpong.benchmarks[1]: Bcast is a benchmark of IMB-MPI1 alone",
        ),
        (
            {
                "pingpong": {
                    "benchmarks": ["Bcast"],
                    "programs": ["pingpong", "IMB-MPI1"],
                    "stacks": ["openmpi"],
                }
            },
            "and a stack on which it runs",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(change, said, tmp_path):
    with pytest.raises(VcperfError) as refused:
        plan_of(change, tmp=tmp_path)
    assert said in str(refused.value) and "\n" not in str(refused.value)


def ep_rows(alone, beside):
    row = {"testbed": "netns", "pinning": "p", "stack": "s", "program": "x", "class": "S"}
    row["processes"] = 2
    row |= {"status": "ok", "platform": "here"}
    return [
        {**row, "block": block, "phase": phase, "mops": speed}
        for phase, speeds in (("alone", alone), ("pingpong", beside))
        for block, speed in enumerate(speeds, start=1)
    ]


def test_ep_is_held_against_itself_block_by_block():
    """Blocks at different speeds, each half as fast beside: exactly half."""
    (row,) = latency.slowdown(pd.DataFrame(ep_rows([100, 50, 80], [50, 25, 40]))).to_dict("records")
    assert row["kept_percent"] == row["kept_ci_low"] == row["kept_ci_high"] == 50
    assert row["alone_mops"] == pytest.approx(230 / 3)


def test_a_campaign_without_load_has_an_empty_table_of_ep():
    none = latency.slowdown(pd.DataFrame(ep_rows([], []), columns=list(ep_rows([1], [1])[0])))
    some = latency.slowdown(pd.DataFrame(ep_rows([100], [50])))
    assert none.empty and list(none.columns) == list(some.columns)


def test_the_figure_marks_an_anomaly_and_its_points():
    sizes = [4096, 8192, 16384, 32768]
    curve = {"testbed": "netns", "pinning": "p", "stack": "s", "program": "x", "load": "none"}
    summary = pd.DataFrame(
        [
            {**curve, "message_bytes": size, "latency_us": 10.0 + size, "ci_low": 1.0,
             "ci_high": 2.0 * size, "blocks": 3, "doubtful": 0, "platform": "here",
             "shared_cpus": "no"}
            for size in sizes
        ]
    )  # fmt: skip
    found = pd.DataFrame(
        [
            {**curve, "message_bytes": size, "excess_percent": excess, "kind": "bump"}
            for size, excess in ((8192, 12.0), (16384, 31.0))
        ]
    )
    points = pd.DataFrame([{**curve, "a_bytes": 16384, "b_bytes": 32768, "source": "anomaly"}])
    drawing = pictures.load({"pingpong": summary, "anomalies": found, "points": points})
    texts = [text.get_text() for text in drawing.axes[0].texts]
    # An arrow each, and in words the strongest.
    assert sorted(texts) == ["", "", "+31 %", "A", "B"]
