"""Slurm's answers, as a real one (22.05) gave them: tests/data/slurm."""

import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.errors import VcperfError
from vcperf.tools import slurm

DATA = ROOT / "tests/data/slurm"


def job(name: str) -> slurm.Job:
    return slurm.parse_job((DATA / f"job-{name}.txt").read_text())


@pytest.mark.parametrize(
    ("name", "state", "stuck"),
    [
        ("priority", "PENDING", False),
        ("requeued", "PENDING", False),
        ("held", "PENDING", True),
        ("drained", "PENDING", True),
        ("nodes", "PENDING", True),
        ("partition", "PENDING", True),
        ("running", "RUNNING", False),
        ("failed", "FAILED", False),
        ("cancelled", "CANCELLED", False),
    ],
)
def test_a_job_is_stuck_when_it_waits_for_what_does_not_come_by_itself(name, state, stuck):
    found = job(name)
    assert (found.state, found.stuck) == (state, stuck)
    assert found.waits == (state == "PENDING")
    assert found.ended == (state in ("FAILED", "CANCELLED"))


def test_why_a_job_waits_is_told_in_slurms_words():
    assert job("drained").reason == "ReqNodeNotAvail,_UnavailableNodes:node1"


def test_the_status_of_a_job_is_that_of_its_script_or_of_its_signal():
    assert [job(name).status for name in ("running", "failed", "signal")] == [0, 3, 128 + 15]


def test_a_job_has_no_nodes_before_it_runs():
    assert [job(name).nodes for name in ("held", "running")] == ["", "node0"]


@pytest.mark.parametrize("reason", ["QOSMaxJobsPerUserLimit", "AssocGrpCpuLimit", "Resources"])
def test_limits_on_what_runs_at_once_pass(reason):
    assert not slurm.Job("1", "PENDING", reason, "", 0).stuck


@pytest.mark.parametrize("reason", ["PartitionNodeLimit", "QOSMaxNodePerJobLimit", "InvalidQOS"])
def test_limits_on_one_job_do_not_pass(reason):
    assert slurm.Job("1", "PENDING", reason, "", 0).stuck


def test_a_job_that_the_controller_does_not_know_is_refused():
    with pytest.raises(VcperfError, match="expected one job"):
        slurm.parse_job((DATA / "none.txt").read_text())


@given(st.text())
def test_any_text_is_a_job_or_refused_in_one_line(text):
    try:
        assert slurm.parse_job(text).number
    except VcperfError as error:
        assert "\n" not in str(error)


def test_jobs_are_found_by_the_beginning_of_their_names():
    jobs = slurm.parse_waiting((DATA / "squeue.txt").read_text(), "vcperf_")
    assert {(job.number, job.stuck) for job in jobs} == {
        ("1", True),
        ("2", False),
        ("4", True),
        ("5", False),
    }


@given(st.text())
def test_any_text_is_a_list_of_jobs(text):
    assert all(job.number is not None for job in slurm.parse_waiting(text, "vcperf_"))


def test_each_node_is_listed_once_with_the_reason_why_it_takes_no_jobs():
    nodes = slurm.parse_nodes((DATA / "sinfo.txt").read_text())
    assert [(node.name, node.usable, node.reason) for node in nodes] == [
        ("node0", True, ""),
        ("node1", False, "bad fan | since May"),
    ]


@pytest.mark.parametrize("state", ["down*", "drained", "draining", "idle*", "planned", "mixed"])
def test_nodes_that_are_down_or_drained_take_no_jobs(state):
    (node,) = slurm.parse_nodes(f"a|{state}|16+|none")
    assert node.usable == (state in ("planned", "mixed"))
    assert node.cpus == 16


@given(st.text())
def test_any_text_is_a_list_of_nodes_or_refused_in_one_line(text):
    try:
        slurm.parse_nodes(text)
    except VcperfError as error:
        assert "\n" not in str(error)


def test_the_nodes_of_an_allocation_are_its_hosts():
    assert slurm.parse_hosts((DATA / "hostnames.txt").read_text()) == ["node0", "node1"]
    with pytest.raises(VcperfError, match="no nodes"):
        slurm.parse_hosts("\n")


def test_a_campaigns_job_has_its_nodes_for_itself_and_outlives_preemption():
    argv = slurm.submit_argv(["job", "a b"], "x/%j.log", "vcperf", 2, ["n0", "n1"], ["--time=5"])
    assert {"--exclusive", "--requeue", "--nodes=2", "--nodelist=n0,n1"} <= set(argv)
    assert argv[-3:] == ["--time=5", "job", "a b"]


def test_a_job_number_is_found_behind_what_a_site_prints():
    assert slurm.submitted("Welcome to the lab\n12;main\n") == "12"
    with pytest.raises(VcperfError, match="no job number"):
        slurm.submitted("Welcome")
