"""A mesh from `paths: all-pairs` to the heat map, on a simulated cluster."""

import re
import shlex
import subprocess

import pandas as pd
import pytest
import yaml
from helpers import simulated
from helpers.checkout import ROOT

SLOW = "n01-n02:0.8"
PAGE = (ROOT / "docs/tutorials/mesh.md").read_text()


@pytest.fixture
def cluster(checkout):
    simulated.add_to(checkout)
    simulated.write_cluster(checkout.folder, 8)
    return checkout


def run(checkout, *what, **environment):
    done = checkout.snakemake(*what, configfile="mesh.yaml", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def write(checkout, **more):
    content = simulated.mesh_campaign(**more)
    (checkout.folder / "mesh.yaml").write_text(yaml.safe_dump(content))


def test_a_mesh_of_eight_nodes_keeps_all_of_them_busy(cluster):
    """Four measurements are under way before any ends, through all 7 matchings and directions."""
    write(cluster)
    what = ("--cores", "40", "results/tables/netperf.csv", "--until", "measure")
    run(cluster, *what, VCPERF_SIMULATED_MEET="4")
    log = simulated.log_of(cluster)
    assert len(log) == 2 * 56 and simulated.most_at_once(log) == 4


@pytest.mark.slow
def test_a_round_measures_its_pairs_side_by_side_and_after_a_failure_what_is_missing(cluster):
    write(cluster, mesh={"rounds": True})
    what = ("--cores", "4", "results/tables/netperf.csv")
    run(cluster, *what, VCPERF_SIMULATED_MEET="4")
    log = simulated.log_of(cluster)
    assert len(log) == 2 * 56 and simulated.most_at_once(log) == 4
    assert "Nothing to be done" in run(cluster, *what, "--dry-run").stdout

    lost = [name for name in cluster.records() if "/d01-d02_" in name or "/d05-d03_" in name]
    assert len(lost) == 2
    for name in lost:
        (cluster.folder / name).unlink()
    kept = {name: path.stat().st_mtime_ns for name, path in cluster.records().items()}
    broken = {"VCPERF_SIMULATED_BROKEN": "n01-n02"}
    done = cluster.snakemake(*what, "--retries", "0", configfile="mesh.yaml", env=broken)
    assert done.returncode == 1 and "n01: its cable is cut" in done.stderr
    assert "1 of 56 blocks are missing" in done.stderr
    tried = len(simulated.log_of(cluster)) - len(log)
    assert tried == 2 * (1 + 2), "a block that fails is tried twice"

    run(cluster, *what)
    assert len(simulated.log_of(cluster)) == len(log) + tried + 2
    times = {name: path.stat().st_mtime_ns for name, path in cluster.records().items()}
    assert len(times) == 56 and kept.items() <= times.items()
    table = (cluster.folder / "results/tables/netperf.csv").read_bytes()
    write(cluster)  # block by block: the same records, the same table
    run(cluster, *what)
    assert len(simulated.log_of(cluster)) == len(log) + tried + 2
    assert (cluster.folder / "results/tables/netperf.csv").read_bytes() == table


def test_pairs_of_a_round_that_share_a_link_wait_for_each_other(cluster):
    halves = [["n00", "n01", "n02", "n03"], ["n04", "n05", "n06", "n07"]]
    simulated.write_cluster(cluster.folder, 8, links={"uplink": halves[0]})
    write(cluster, mesh={"rounds": True})
    run(cluster, "--cores", "4", "results/tables/netperf.csv", VCPERF_SIMULATED_WAIT="0.1")
    across = 0
    for what, nodes in simulated.log_of(cluster):
        if len(set(nodes) & set(halves[0])) == 1:
            across += 1 if what == "begin" else -1
            assert across <= 1


def make(checkout, command):
    done = subprocess.run(
        shlex.split(command), cwd=checkout.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, command + done.stdout + done.stderr
    return done.stdout


def told():
    """The files that the tutorial shows, and its commands."""
    files = {name: text for text, name in re.findall(r"```yaml\n(# (\S+)\n.*?)```", PAGE, re.S)}
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    return files, [line.split(" #")[0].strip() for line in block.splitlines()]


def test_the_commands_of_the_tutorial_plan_its_mesh(cluster):
    files, commands = told()
    for name, text in files.items():
        (cluster.folder / name).write_text(text)
    plan, *others = commands
    assert plan.startswith("make plan ")
    printed = make(cluster, plan)
    assert "56 cells, 280 blocks" in printed
    assert (
        "about 13 min 32 s of measuring to go\nside by side with --cores 4: about 3 min" in printed
    )
    for command in others:
        make(cluster, command.replace("make ", "make -n ", 1))


@pytest.mark.slow
def test_a_slow_pair_is_named_from_the_configuration_to_the_figure(cluster):
    simulated.write_cluster(cluster.folder, 6)
    write(cluster, blocks=3)
    *_, figures = told()[1]
    assert figures.startswith("make figures ")
    done = make(cluster, f"env VCPERF_SIMULATED_SLOW={SLOW} {figures}")
    rows = pd.read_csv(cluster.folder / "results/tables/mesh.csv")
    named = rows[rows["verdict"].isin(["slower", "faster"])]
    assert list(zip(named["sender"], named["receiver"], strict=True)) == [("d01", "d02")]
    figures = [path.name for path in (cluster.folder / "results/figures").glob("*.png")]
    assert figures == ["mesh_tcp_stream_65536.png"], done
