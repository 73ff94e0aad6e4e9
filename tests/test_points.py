"""Points A and B that the campaign's own curves decide."""

import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pingpong_curves as made
import pytest
import yaml
from conftest import ROOT
from test_config import plan_of

from vcperf import decided
from vcperf.errors import VcperfError


def profiled(config):
    """The ping-pongs to profile, as point -> message size, and all other records."""
    records = [(b.cell, b.record) for b in plan_of(config).blocks]
    points = {c.labels["point"]: c.labels["message_bytes"] for c, _ in records if is_point(c)}
    return points, {record for cell, record in records if not is_point(cell)}


def is_point(cell):
    return cell.kind == "profile" and cell.labels["workload"] == "pingpong"


def test_points_picked_replace_the_configurations_and_nothing_else(default, tmp_path):
    path = str(tmp_path / "points.json")
    assert decided.with_points(default, path) == default
    decided.write({"A": 256, "B": 512}, path)
    points, others = profiled(decided.with_points(default, path))
    assert points == {"A": 256, "B": 512}
    assert (points, others) != profiled(default) and others == profiled(default)[1]
    decided.write({"A": 0, "B": 512}, path)
    with pytest.raises(VcperfError, match=r"points\.json: a message has at least 1 byte"):
        decided.with_points(default, path)


@pytest.fixture
def default():
    from vcperf import campaign, config

    return campaign.checked(config.read_yaml(ROOT / "config/config.yaml"))


@pytest.fixture
def pick(tmp_path):
    """Runs the script on curves of these anomalies; what it says, and the points then."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    curve = {"testbed": "t", "pinning": "config2", "stack": "mpich", "program": "pingpong"}
    tables = tmp_path / "results/tables"
    tables.mkdir(parents=True)

    def run(*bumps):
        rows = [{**curve, "load": "ep", "message_bytes": at} for at in bumps]
        columns = [*curve, "load", "message_bytes", "excess_percent", "kind"]
        found = pd.DataFrame(rows, columns=columns).assign(excess_percent=30.0, kind="bump")
        a, b, source = (bumps[0], 2 * bumps[0], "anomaly") if bumps else (16384, 32768, "default")
        points = pd.DataFrame([{**curve, "load": "ep", "a_bytes": a, "b_bytes": b}])
        found.to_csv(tables / "anomalies.csv", index=False)
        points.assign(source=source).to_csv(tables / "points.csv", index=False)
        return script()

    def script():
        argv = [sys.executable, str(ROOT / "scripts/pick_points.py")]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout or done.stderr, decided.read(str(tmp_path / decided.POINTS))

    run.script = script
    return run


def test_the_script_writes_the_points_of_an_anomaly_and_takes_them_back(pick):
    said, points = pick.script()
    assert said == "results/tables/anomalies.csv: missing; measure a ping-pong first\n"
    said, points = pick(2048)
    assert points == {"A": 2048, "B": 4096}
    assert said.startswith("points: A 2048, B 4096 bytes: the largest anomaly, of t config2 mpich")
    said, points = pick()
    assert points == {} and "configuration's A 16384, B 32768 bytes hold" in said


def test_a_curve_without_an_anomaly_has_the_configurations_points(checkout):
    tables = checkout.folder / "results/tables"
    tables.mkdir()
    sizes = made.CAMPAIGN_SIZES
    flat = made.table(np.full(len(sizes), 30.0), np.zeros((3, len(sizes))), sizes)
    flat = flat.assign(path="c000->c010", shared_cpus="no", status="ok", platform="x")
    flat.to_csv(tables / "pingpong.csv", index=False)
    ep = "testbed,pinning,stack,program,class,processes,phase,block,mops,status,platform"
    (tables / "ep.csv").write_text(f"{ep}\n")
    decided.write({"A": 64, "B": 512}, str(checkout.folder / decided.POINTS))
    wanted = {"profile": {"pingpong": {"points": {"A": 4096, "B": 8192}}}}
    (checkout.folder / "points.yaml").write_text(yaml.safe_dump(wanted))
    rule = ("results/tables/points.csv", "--allowed-rules", "mpi_summary")
    done = checkout.snakemake(*rule, configfile="points.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = pd.read_csv(tables / "points.csv").to_dict("records")
    assert (row["a_bytes"], row["b_bytes"], row["source"]) == (4096, 8192, "default")
