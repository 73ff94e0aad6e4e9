"""Copies of the project to work in, and what a dry run in one would do."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from helpers import dry_runs
from vcperf.config import files

ROOT = Path(__file__).parents[2]
TINY = "tests/config/tiny.yaml"
SECRET = "a-word-of-the-environment"  # set while the tiny campaign is measured


class Checkout:
    """A copy of the project in a folder of its own, with an empty results/."""

    def __init__(self, folder: Path, made: bool = False):
        self.folder = folder
        if made:
            return
        for name in ("Snakefile", "Makefile", "rules", "scripts", "config", "profiles", "envs"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, folder / name)
        shutil.copytree(ROOT / "tests/config", folder / "tests/config")
        (folder / "lab").mkdir()
        for name in ("testbed.yaml", "kvm-testbed.yaml"):
            shutil.copy2(ROOT / "lab" / name, folder / "lab" / name)
        (folder / "results").mkdir()
        for name in (".venv", ".tools"):
            if (ROOT / name).exists():
                (folder / name).symlink_to(ROOT / name)

    def argv(self, *args: str, configfile: str | None = TINY) -> list[str]:
        argv = [str(ROOT / ".venv/bin/snakemake"), "--cores", "1", *args]
        return [*argv, "--configfile", configfile] if configfile else argv

    def snakemake(self, *args: str, configfile: str | None = TINY, prefix=(), env=None):
        """Run Snakemake to its end; both outputs as text."""
        argv = self.argv(*args, configfile=configfile)
        environment = {**os.environ, **(env or {})}
        if not prefix and {"-n", "--dry-run"} & set(args):
            return dry_runs.run(argv, self.folder, environment)
        return subprocess.run(
            [*prefix, *argv],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(
        self, *args: str, configfile: str = TINY, log_name: str = "campaign.log", env=None
    ) -> subprocess.Popen:
        """Start Snakemake, its output in a log, as a process group of its own."""
        with (self.folder / log_name).open("w") as log:
            return subprocess.Popen(
                self.argv(*args, configfile=configfile),
                cwd=self.folder,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def command(self, *words: str) -> str:
        """What a command of the package prints."""
        done = subprocess.run(
            [str(ROOT / ".venv/bin/python"), "-m", "vcperf", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder / "scripts")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def overlay(self, name: str, change: dict) -> str:
        """A campaign file: the tiny one with `change` merged over it."""
        content = files.merge(files.read_yaml(self.folder / TINY), change)
        (self.folder / name).write_text(yaml.safe_dump(content))
        return name

    def records(self) -> dict[str, Path]:
        raw = self.folder / "results/raw"
        return {str(p.relative_to(self.folder)): p for p in sorted(raw.rglob("*.json"))}

    def read_records(self) -> list[dict]:
        return [json.loads(path.read_text()) for path in self.records().values()]


def measured(folder: Path) -> Checkout:
    """The tiny campaign, from nothing to its figures and its report."""
    made = Checkout(folder)
    environment = {"VCPERF_TEST_SECRET": SECRET}
    targets = ("results/figures/", "results/report.html")
    done = made.snakemake("--cores", "8", *targets, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def planned_jobs(checkout: Checkout, configfile: str):
    """(records to measure, figures to draw, the whole output) of a dry run."""
    done = checkout.snakemake("-n", "results/figures/", configfile=configfile)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    records = set(re.findall(r"output: (results/raw/\S+\.json)", output))
    figures = set(re.findall(r"Drawing (\w+)", output))
    return records, figures, output
