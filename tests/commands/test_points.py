"""The command that picks points A and B."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest
from helpers.checkout import ROOT

from vcperf.planning import choices


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
        argv = [sys.executable, "-m", "vcperf", "points"]
        env = {"PYTHONPATH": str(ROOT / "scripts")}
        done = subprocess.run(
            argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        return done.stdout or done.stderr, choices.read(str(tmp_path / choices.POINTS))

    run.script = script
    return run


def test_the_command_writes_the_points_of_an_anomaly_and_takes_them_back(pick):
    said, points = pick.script()
    assert said == "results/tables/anomalies.csv: missing; run `make figures` first\n"
    said, points = pick(2048)
    assert points == {"A": 2048, "B": 4096}
    assert said.startswith("points: A 2048, B 4096 bytes: the largest anomaly, of t config2 mpich")
    said, points = pick()
    assert points == {} and "configuration's A 16384, B 32768 bytes hold" in said
