"""Setting up: what is missing, and how to get it."""

import os
import shutil
import subprocess

import pytest
from helpers.checkout import ROOT, Checkout


def run_setup(folder, path: str):
    return subprocess.run(
        ["sh", "envs/setup.sh"],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def path_without(folder, *absent: str) -> str:
    """A PATH of one folder, with all commands of this one's but some."""
    folder.mkdir()
    for source in ("/bin", "/usr/bin", "/sbin", "/usr/sbin"):
        for name in os.listdir(source):
            if name not in absent and not (folder / name).exists():
                (folder / name).symlink_to(f"{source}/{name}")
    return str(folder)


@pytest.mark.parametrize("odd", [" ", "\t", *"'\"$`\\{}:;&|()<>,"])
def test_set_up_refuses_a_path_that_programs_cannot_take(tmp_path, odd):
    """Nothing is made there: scripts and MPICH's mpicc would fail, each block in its own words."""
    folder = tmp_path / f"my{odd}checkout"
    (folder / "envs").mkdir(parents=True)
    shutil.copy2(ROOT / "envs/setup.sh", folder / "envs")
    done = run_setup(folder, os.environ["PATH"])
    assert done.returncode == 1
    assert done.stderr.startswith("setup: the path of this checkout has a blank or one of ")
    assert done.stderr.count("\n") == 1 and not (folder / ".venv").exists()


@pytest.mark.parametrize("odd", [" ", "'", "{", ","])
def test_plain_snakemake_refuses_a_path_that_programs_cannot_take(tmp_path, odd):
    folder = tmp_path / f"my{odd}checkout"
    folder.mkdir()
    done = Checkout(folder).snakemake("-n", "results/figures/")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    said = f"{folder}: the path of this checkout has '{odd}' in it, which Snakemake or a compiler"
    assert said in done.stderr


def test_set_up_says_what_is_missing_and_how_to_get_it(checkout, tmp_path):
    """Not Debian, no netperf: the rest is set up, then one line says so."""
    (checkout.folder / ".tools").unlink(missing_ok=True)
    path = path_without(tmp_path / "bin", "apt-get", "dpkg-query", "netperf", "netserver")
    done = run_setup(checkout.folder, path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "netperf is missing: install" in done.stderr
    ordinary = path_without(tmp_path / "bin2", "apt-get", "dpkg-query", "setpriv", "unshare")
    done = run_setup(checkout.folder, ordinary)
    assert done.returncode == 1
    assert "not found: unshare setpriv; install iproute2, util-linux" in done.stderr


def test_the_lists_of_packages_agree():
    """conda's versions are the locked ones, for the Python that it names."""
    import yaml
    from packaging.requirements import Requirement

    conda = yaml.safe_load((ROOT / "envs/vcperf.yaml").read_text())["dependencies"]
    wanted = dict(entry.split(" =") for entry in conda)
    python = wanted.pop("python")
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
    }
    locked = {}
    for line in (ROOT / "envs/requirements.txt").read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.rstrip(" \\"))
            if requirement.marker is None or requirement.marker.evaluate(environment):
                locked[requirement.name] = next(iter(requirement.specifier)).version
    direct = {
        line.split(">")[0]
        for line in (ROOT / "envs/requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    }
    names = {"matplotlib-base": "matplotlib"}
    assert {names.get(n, n): v for n, v in wanted.items()} == {
        name: locked[name] for name in direct - {"snakemake"}
    }
