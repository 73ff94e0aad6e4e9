"""Control groups of both versions: where their files are, and what is swept."""

import os

import pytest

from vcperf.testbeds import cgroups

ONE = [["9", "name=systemd", "/a"], ["3", "cpuset", "/b"], ["2", "cpu,cpuacct", "/c"]]
TWO = [["0", "", "/d"]]


@pytest.mark.parametrize(
    ("fields", "controller", "folder"),
    [
        (ONE, "cpuset", "/cg/cpuset/b"),
        (ONE, "cpuacct", "/cg/cpuacct/c"),
        (TWO, "cpuset", "/cg/d"),
        ([*ONE, *TWO], "cpuset", "/cg/cpuset/b"),
    ],
)
def test_the_folder_of_a_controller_is_found(fields, controller, folder):
    assert cgroups.folder(fields, controller, "/cg") == folder


def group(root, monkeypatch, files):
    """The group of this process below a root where files are made."""
    monkeypatch.setattr(cgroups, "folder", lambda fields, controller, root: str(root))
    for name, text in files.items():
        (root / name).write_text(text)
    return cgroups.Group(os.getpid(), root)


def test_version_one_is_read(tmp_path, monkeypatch):
    files = {"cpuset.cpus": "0-1\n", "cpuacct.usage": "1500000000\n", "cgroup.procs": "7\n8\n"}
    found = group(tmp_path, monkeypatch, files)
    assert (found.cpus(), found.cpu_seconds(), found.pids()) == ("0-1", 1.5, {7, 8})


def test_version_two_is_read(tmp_path, monkeypatch):
    files = {
        "cpuset.cpus": "\n",
        "cpuset.cpus.effective": "3\n",
        "cpu.stat": "usage_usec 2500000\nuser_usec 1\nsystem_usec 2\n",
        "cgroup.procs": "",
    }
    found = group(tmp_path, monkeypatch, files)
    assert (found.cpus(), found.cpu_seconds(), found.pids()) == ("3", 2.5, set())


def test_a_group_that_is_gone_has_no_cpus(tmp_path, monkeypatch):
    found = group(tmp_path, monkeypatch, {})
    assert found.pids() == set()
    with pytest.raises(OSError, match=str(tmp_path)):
        found.cpus()
    with pytest.raises(OSError, match=r"cpu\.stat"):
        found.cpu_seconds()


@pytest.mark.parametrize("version", [1, 2])
def test_empty_groups_of_ours_alone_are_swept(tmp_path, version):
    if version == 2:
        (tmp_path / "cgroup.procs").touch()
    top = tmp_path if version == 2 else tmp_path / "cpuset"
    for name in ("ours-1/container/inner", "ours-2", "other"):
        (top / name).mkdir(parents=True)
    (top / "ours-2" / "in use").touch()  # the kernel refuses to remove a group that is
    cgroups.sweep("ours", 3600, str(tmp_path))
    assert (top / "ours-1").exists(), "a block may be about to start"
    cgroups.sweep("ours", 0, str(tmp_path))
    assert not (top / "ours-1").exists()
    assert (top / "ours-2").exists() and (top / "other").exists()
