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
