"""Campaigns by jobs of SGE, on a stand-in for its commands (tests/standins/qsub), as
there is no SGE here. What is tested is what we give to it, and what we make of its answers."""

import os
import subprocess
import sys

import pytest
import yaml
from helpers.checkout import ROOT, TINY
from helpers.processes import wait_until

from vcperf.config import files

STATUS = str(ROOT / "scripts/sge-status")


@pytest.fixture
def sge(tmp_path, monkeypatch):
    """The folder of the stand-in."""
    folder = tmp_path / "sge"
    folder.mkdir()
    monkeypatch.setenv("SGE_STANDIN", str(folder))
    monkeypatch.setenv("PATH", f"{ROOT}/tests/standins:{os.environ['PATH']}")
    return folder


def status(number: str) -> subprocess.CompletedProcess:
    return subprocess.run([STATUS, number], capture_output=True, text=True, check=False)


def test_a_job_that_sge_no_longer_knows_is_left_to_its_output(sge):
    assert status("7").stdout == "success\n"


def test_a_job_in_the_error_state_is_told_with_its_reason_and_deleted(sge):
    (sge / "3.job").write_text("broken")
    done = status("3")
    assert done.stdout == "failed\n"
    assert "job 3: error reason    1: can't chdir" in done.stderr
    assert (sge / "3.job").read_text() == "deleted"


@pytest.mark.slow
@pytest.mark.xdist_group("measuring")
def test_a_campaign_by_jobs_of_sge_measures_only_the_rest_after_one_was_deleted(sge, checkout):
    changes = {
        "blocks": 3,
        "netperf": {
            "paths": {"config1": ["vc00->c000"], "config2": None},
            "message_bytes": [1024],
            "duration_s": 1,
        },
    }
    content = files.merge(files.read_yaml(checkout.folder / TINY), changes)
    (checkout.folder / "tiny.yaml").write_text(yaml.safe_dump(content))
    profile = yaml.safe_load((checkout.folder / "profiles/sge/config.yaml").read_text())
    profile |= {"seconds-between-status-checks": 1, "latency-wait": 1}  # no network file system
    (checkout.folder / "profiles/sge/config.yaml").write_text(yaml.safe_dump(profile))
    argv = [sys.executable, "-m", "vcperf", "jobs", "--profile", "profiles/sge"]
    argv += ["--nodes=left,right", "--blocks=2", "tiny.yaml"]
    options = {"cwd": checkout.folder, "env": {**os.environ, "PYTHONPATH": "scripts"}}
    options |= {"stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "text": True}
    first = subprocess.Popen(argv, **options)
    wait_until(checkout.records, "a block is measured")
    hosts = {job.stem: job.read_text() for job in sge.glob("*.job")}
    assert set(hosts.values()) == {"left", "right"}
    holder = next(job for job, host in hosts.items() if host == "left")
    subprocess.run(["qdel", holder], check=True)
    _, said = first.communicate()
    assert first.returncode == 1 and "blocks are missing" in said, said
    kept = {name: path.stat().st_mtime_ns for name, path in checkout.records().items()}
    assert 1 <= len(kept) < 3

    again = subprocess.run(argv, check=False, **options)
    assert again.returncode == 0, again.stderr
    assert f"{3 - len(kept)} blocks to measure in" in again.stderr
    now = {name: path.stat().st_mtime_ns for name, path in checkout.records().items()}
    assert len(now) == 3 and kept.items() <= now.items()
    assert (checkout.folder / "results/report.html").exists()
