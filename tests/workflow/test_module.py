"""vcperf as a module of another workflow: its rules run below a prefix, or without one."""

import subprocess
from pathlib import Path

import pytest
import yaml
from helpers.checkout import ROOT

CAMPAIGN = {
    "blocks": 1,
    "netperf": {
        "paths": {"config1": ["vc00->c000"], "config2": None, "config3": None},
        "message_bytes": [1024],
        "duration_s": 1,
        "warmup_s": 0,
    },
    **dict.fromkeys(("bandwidth", "pingpong", "profile", "baseline")),
}
OTHER = """
configfile: "campaign.yaml"

module vcperf:
    snakefile: "{snakefile}"
    config: config
    {prefix}

use rule * from vcperf as vcperf_*

rule mine:
    default_target: True
    input: "{folder}results/figures"
    output: "mine.txt"
    shell: "ls {{input}} > {{output}}"
"""


def planned(folder: Path, *targets: str) -> str:
    """What a dry run prints."""
    argv = [ROOT / ".venv/bin/snakemake", "--cores", "1", "-n", *targets]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.xdist_group("campaign")
@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["", "bench"])
def test_another_workflow_measures_with_it(tmp_path, prefix):
    (tmp_path / "campaign.yaml").write_text(yaml.safe_dump(CAMPAIGN))
    (tmp_path / "Snakefile").write_text(
        OTHER.format(
            snakefile=ROOT / "Snakefile",
            prefix=f'prefix: "{prefix}"' if prefix else "",
            folder=f"{prefix}/" if prefix else "",
        )
    )
    argv = [ROOT / ".venv/bin/snakemake", "--cores", "1"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "figure1.svg" in (tmp_path / "mine.txt").read_text()
    (record,) = (tmp_path / prefix / "results/raw").rglob("*.json")
    by_path = str(record.relative_to(tmp_path))
    assert "Nothing to be done" in planned(tmp_path)
    assert "Nothing to be done" in planned(tmp_path, by_path)
    record.unlink()
    assert f"output: {by_path}" in planned(tmp_path)


def test_the_catalogue_finds_the_workflow(tmp_path):
    done = subprocess.run(
        [ROOT / ".venv/bin/snakemake", "-n", "-s", ROOT / "workflow/Snakefile", "--cores", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
