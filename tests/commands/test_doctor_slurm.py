"""What the doctor says of a Slurm, from answers of a real one. tests/workflow runs it on one."""

import pytest
from helpers.checkout import ROOT

from vcperf.commands import doctor_slurm
from vcperf.commands.doctor_checks import OK, WARN
from vcperf.errors import VcperfError
from vcperf.preparation import allocation

NODES = (ROOT / "tests/data/slurm/sinfo.txt").read_text()


@pytest.fixture
def checks(tmp_path, monkeypatch):
    """(what, verdict, found) of each check, by what Slurm says of nodes and partitions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor_slurm.shutil, "which", lambda name: f"/usr/bin/{name}")

    def look(nodes: str = NODES, partitions: str = "all*|up\n"):
        def call(argv):
            return nodes if "--Node" in argv else partitions

        monkeypatch.setattr(doctor_slurm, "call", call)
        return [(one.what, one.verdict, one.found) for one in doctor_slurm.of_slurm()]

    return look


def test_nodes_that_take_no_jobs_are_named_with_their_reason(checks):
    found = checks()
    assert ("slurm", OK, "1 of 2 nodes take jobs") in found
    assert ("slurm node node1", WARN, "drained: bad fan | since May") in found


@pytest.mark.parametrize(
    ("partitions", "said"),
    [
        ("a|up\n", "there is no default partition"),
        ("a|up\nb*|down\n", "b, the default, is down"),
    ],
)
def test_a_partition_that_takes_no_jobs_is_said(checks, partitions, said):
    assert ("slurm partition", WARN, said) in checks(partitions=partitions)


def test_a_node_on_which_the_campaign_began_and_that_is_down_is_said(checks):
    allocation.keep(["node1"])
    assert ("slurm nodes", WARN, "this campaign began on node1, which takes no jobs") in checks()


def test_a_controller_that_does_not_answer_makes_no_result_worse(checks, monkeypatch):
    def silent(argv):
        raise VcperfError("sinfo: Unable to contact slurm controller")

    checks()
    monkeypatch.setattr(doctor_slurm, "call", silent)
    (only,) = doctor_slurm.of_slurm()
    assert only.verdict == OK and "no controller answers" in only.found


def test_without_slurm_nothing_is_said(monkeypatch):
    monkeypatch.setattr(doctor_slurm.shutil, "which", lambda name: None)
    assert not list(doctor_slurm.of_slurm())
