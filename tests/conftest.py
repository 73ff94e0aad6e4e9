"""Checkouts to break, and one finished tiny campaign that many tests look at."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import yaml
from sshd import sshd  # noqa: F401 (a fixture)

ROOT = Path(__file__).parents[1]
TINY = "tests/config/tiny.yaml"


def pytest_configure():
    """Signals that tests send must reach what they start, also where the tests themselves run
    with these ignored, as under nohup or in a shell's background: that is inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items):
    """Campaigns wait for their turn on their host: those on this one share a worker, and
    those on the host reached by ssh; they come first, as they take longest."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


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
        shutil.copy2(ROOT / "lab/testbed.yaml", folder / "lab/testbed.yaml")
        (folder / "results").mkdir()
        for name in (".venv", ".tools"):
            if (ROOT / name).exists():
                (folder / name).symlink_to(ROOT / name)

    def argv(self, *args: str, configfile: str | None = TINY) -> list[str]:
        argv = [str(ROOT / ".venv/bin/snakemake"), "--cores", "1", *args]
        return [*argv, "--configfile", configfile] if configfile else argv

    def snakemake(self, *args: str, configfile: str | None = TINY, prefix=(), env=None):
        """Run Snakemake to its end; both outputs as text."""
        return subprocess.run(
            [*prefix, *self.argv(*args, configfile=configfile)],
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *args: str) -> subprocess.Popen:
        """Start Snakemake, its output in campaign.log, as a process group of its own."""
        with (self.folder / "campaign.log").open("w") as log:
            return subprocess.Popen(
                self.argv(*args),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def overlay(self, name: str, change: dict) -> str:
        """A campaign file: the tiny one with `change` merged over it."""
        from vcperf import config

        content = config.merge(config.read_yaml(self.folder / TINY), change)
        (self.folder / name).write_text(yaml.safe_dump(content))
        return name

    def records(self) -> dict[str, Path]:
        raw = self.folder / "results/raw"
        return {str(p.relative_to(self.folder)): p for p in sorted(raw.rglob("*.json"))}

    def read_records(self) -> list[dict]:
        return [json.loads(path.read_text()) for path in self.records().values()]


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A tiny campaign measured, parsed and drawn, with more cores than it may use.

    Tests may plan in it, and must leave it as it is. Each worker has a copy of its own.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return measured(tmp_path_factory.mktemp("finished"))
    shared = tmp_path_factory.getbasetemp().parent / "finished"
    own = tmp_path_factory.mktemp("own") / "finished"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "results/figures").exists():
            shutil.rmtree(shared, ignore_errors=True)
            shared.mkdir()
            measured(shared)
        shutil.copytree(shared, own, symlinks=True)
    return Checkout(own, made=True)


def measured(folder: Path) -> Checkout:
    """The tiny campaign, from nothing to its figures."""
    made = Checkout(folder)
    done = made.snakemake("--cores", "8", "results/figures/")
    assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.fixture
def in_new_session():
    """Kill what a test started and did not end."""
    started = []
    yield started.append
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        process.wait()
