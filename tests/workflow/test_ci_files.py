"""The jobs of docs/ci do what they say: their commands run here, as the CI systems run them."""

import os
import subprocess
from xml.etree import ElementTree

import pytest
import yaml
from helpers.blocks import by_size
from helpers.checkout import ROOT, TINY
from helpers.results_folders import finished

STATUS = {"github": {1: 1, 3: 0}, "gitlab": {1: 1, 3: 3}}  # of gate -> of the job


def commands(name: str) -> tuple[dict[str, str], list[str]]:
    """The variables of the file's job, and the scripts of its steps."""
    content = yaml.safe_load((ROOT / f"docs/ci/{name}.yml").read_text())
    if name == "github":
        job = content["jobs"]["gate"]
        return job["env"], [step["run"] for step in job["steps"] if "run" in step]
    job = content["performance"]
    return job["variables"], ["set -e\n" + "\n".join(job["script"])]


def run(name, folder, baseline, *, only_gate):
    """Run the job's steps until one fails; returns the last one."""
    variables, scripts = commands(name)
    assert {"CAMPAIGN", "BASELINE"} == set(variables)
    environment = {**os.environ, "CAMPAIGN": TINY, "BASELINE": str(baseline)}
    environment["GITHUB_STEP_SUMMARY"] = str(folder / "summary.md")
    environment.pop("PYTHONPATH", None)
    if only_gate:  # what is measured stands there already
        scripts = [script.replace('make figures CAMPAIGN="$CAMPAIGN"', ":") for script in scripts]
    for script in scripts:
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            break
    return done


@pytest.fixture
def place(tmp_path):
    """A folder with the project's commands."""
    for name in (".venv", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.parametrize("name", STATUS)
@pytest.mark.parametrize(("means", "count", "status"), [([80], 8, 1), ([100], 2, 3)])
def test_a_job_ends_as_the_gate_says(place, name, means, count, status):
    noise = 0.3 if count > 2 else 5
    finished(place / "baseline", by_size([100], count, noise, seed=1))
    finished(place / "results", by_size(means, count, noise, seed=2))
    done = run(name, place, place / "baseline", only_gate=True)
    assert done.returncode == STATUS[name][status], done.stdout + done.stderr
    assert ElementTree.parse(place / "results/gate/junit.xml").getroot().get("tests") == "1"
    if name == "github":
        assert ("::warning::" in done.stdout) == (status == 3)
        assert (place / "summary.md").read_text() == (place / "results/gate/gate.md").read_text()


@pytest.mark.parametrize("name", STATUS)
def test_the_first_results_become_the_baseline(place, name):
    finished(place / "results", by_size([100], 8, 0.3))
    done = run(name, place, place / "kept", only_gate=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (place / "kept/tables/netperf.csv").exists()


def test_gitlab_takes_too_few_blocks_as_a_warning():
    job = yaml.safe_load((ROOT / "docs/ci/gitlab.yml").read_text())["performance"]
    assert job["allow_failure"] == {"exit_codes": 3}


@pytest.mark.slow
@pytest.mark.xdist_group("measuring")
def test_a_whole_job_measures_and_compares(checkout, tmp_path_factory):
    """Its first night: two blocks per cell, held against themselves."""
    baseline = tmp_path_factory.mktemp("kept") / "baseline"
    done = run("github", checkout.folder, baseline, only_gate=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (baseline / "tables/netperf.csv").exists()
    assert "gate: " in done.stdout
