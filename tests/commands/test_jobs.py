"""`vcperf jobs`: what it refuses before anything is submitted. tests/workflow has Slurm itself."""

import pytest
from helpers.checkout import ROOT, TINY

from vcperf.commands import jobs
from vcperf.errors import VcperfError


@pytest.fixture(autouse=True)
def in_a_checkout(checkout, monkeypatch):
    monkeypatch.chdir(checkout.folder)
    monkeypatch.setenv("PATH", "/nonexistent")


def test_a_testbed_of_one_host_needs_the_names_of_nodes():
    with pytest.raises(VcperfError, match="could run on any; name the nodes"):
        jobs.main([TINY])


@pytest.mark.parametrize("name", ["a;b", "-x", "a b", "$x"])
def test_what_is_no_name_of_a_host_does_not_reach_a_command_line(name):
    with pytest.raises(VcperfError, match="is no name of a host"):
        jobs.main([f"--nodes={name}", TINY])


def test_a_missing_slurm_is_said_with_what_to_do():
    with pytest.raises(VcperfError, match="sinfo: not found; run this where Slurm's commands are"):
        jobs.main(["--nodes=a", TINY])


def test_a_profile_without_a_known_executor_is_refused(tmp_path):
    (tmp_path / "config.yaml").write_text("executor: slurmm\n")
    with pytest.raises(VcperfError, match=r"executor: expected one of cluster-generic, slurm"):
        jobs.main(["--profile", str(tmp_path), TINY])


def test_the_profiles_of_the_project_have_an_environment_each():
    for name in ("slurm", "sge"):
        assert jobs._executor(str(ROOT / "profiles" / name))
