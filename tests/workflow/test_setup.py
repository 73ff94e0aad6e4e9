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
    absent = ("apt-get", "dpkg-query", "netperf", "netserver")
    path = path_without(tmp_path / "bin", "iperf3", *absent)
    done = run_setup(checkout.folder, path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "netperf is missing: install" in done.stderr
    (tmp_path / "bin/iperf3").symlink_to("/bin/true")
    done = run_setup(checkout.folder, path)
    assert done.returncode == 0 and not done.stderr
    assert "setup: netperf is missing: iperf3 will measure in its place" in done.stdout
    ordinary = path_without(tmp_path / "bin2", "apt-get", "dpkg-query", "setpriv", "unshare")
    done = run_setup(checkout.folder, ordinary)
    assert done.returncode == 1
    assert "not found: unshare setpriv; install iproute2, util-linux" in done.stderr


PIP = """#!/bin/sh
[ "$1 $2" = "-m pip" ] || exit 0
echo "Collecting numpy"
echo "  Downloading numpy-2.4.0-cp311-cp311-manylinux.whl.metadata (6.6 kB)"
echo "  Downloading numpy-2.4.0-cp311-cp311-manylinux.whl (16.9 MB)"
echo "  Downloading six-1.17.0-py2.py3-none-any.whl (900 kB)"
echo "  Downloading tiny-1.tar.gz (55 bytes)"
echo "  Downloading more-1-py3-none-any.whl (200.5 kB)"
echo "WARNING: something"
%s
"""


@pytest.fixture
def with_pip(tmp_path):
    """A function that sets up a checkout whose pip ends with some commands."""

    def run(ending: str):
        for name in ("envs", ".venv/bin", ".tools/usr/bin"):
            (tmp_path / name).mkdir(parents=True)
        for name in ("setup.sh", "requirements.txt", "debian.txt", "debian-optional.txt"):
            shutil.copy2(ROOT / "envs" / name, tmp_path / "envs")
        for name, text in ((".venv/bin/python", PIP % ending), (".tools/usr/bin/netserver", "")):
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        return run_setup(tmp_path, os.environ["PATH"])

    return run


def test_set_up_names_its_steps_and_how_much_it_fetches(with_pip):
    done = with_pip('echo "Installing collected packages: numpy, six"')
    assert done.returncode == 0, done.stderr
    steps = [line for line in done.stdout.splitlines() if "Debian package" not in line]
    assert steps[:2] == [
        "setup: installing the Python packages of envs/requirements.txt in .venv",
        "setup: fetched 4 packages, 17 MB; unpacking them",
    ]
    assert steps[2].startswith("setup: listing the fonts for figures; .venv has ")
    assert len(steps) == 3 and not done.stderr


def test_set_up_says_why_pip_failed(with_pip):
    done = with_pip('echo "ERROR: no matching distribution for numpy"; exit 1')
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "ERROR: no matching distribution for numpy",
        "setup: pip could not install envs/requirements.txt; is there a network? (delete .venv to"
        " start again)",
    ]


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
