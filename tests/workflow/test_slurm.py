"""Campaigns on a real Slurm, both ways: by one job in whose allocation the whole campaign runs, and
by jobs that the front end submits."""

import json
import os
import re
import shutil
import signal

import pytest
import yaml
from helpers.checkout import ROOT, TINY
from helpers.processes import descendants, wait_until
from helpers.slurm import Slurm, why_not

from vcperf.config import files

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("measuring")]
BLOCKS = 12  # of a second: still under way when Slurm has written down their job
LATE_S = 10  # at most, until it has
MEASURES = ("netperf", "netserver", "unshare --net", "snakemake")


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    if why_not():
        pytest.skip(why_not())
    # Whoever measures on this machine now has its lock; the nodes of this Slurm have their own.
    running = Slurm(tmp_path_factory.mktemp("slurm"))
    yield running
    running.stop()


@pytest.fixture
def campaign(checkout):
    """A checkout with `tiny.yaml`: blocks of a second on one path."""

    def write(blocks: int, name: str = "tiny.yaml", **more) -> str:
        changes = {
            "blocks": blocks,
            "netperf": {
                "paths": {"config1": ["vc00->c000"], "config2": None},
                "message_bytes": [1024],
                "duration_s": 1,
            },
        }
        content = files.merge(files.merge(files.read_yaml(checkout.folder / TINY), changes), more)
        (checkout.folder / name).write_text(yaml.safe_dump(content))
        return name

    checkout.write = write
    return checkout


def times(checkout) -> dict[str, int]:
    return {name: path.stat().st_mtime_ns for name, path in checkout.records().items()}


def leftovers(slurm) -> list[str]:
    return [args for args in slurm.processes() if any(name in args for name in MEASURES)]


def test_a_campaign_in_one_job_that_is_cancelled_and_drained_measures_only_the_rest(
    slurm, campaign
):
    name = campaign.write(4)
    make = ("make", "--no-print-directory", "slurm", f"CAMPAIGN={name}")
    first = slurm.start(*make, folder=campaign.folder)
    wait_until(lambda: len(campaign.records()) >= 2, "two blocks are measured")
    ((number, _, _),) = slurm.jobs()
    slurm.run("scancel", number)
    said, _ = first.communicate()
    assert first.returncode and f"job {number}: cancelled; finished blocks are kept" in said
    kept = times(campaign)
    assert 2 <= len(kept) < 4, "whole records alone, and no more of them"
    assert all(record["spec"] for record in campaign.read_records())
    assert not leftovers(slurm)

    (node,) = json.loads((campaign.folder / "results/slurm/nodes.json").read_text())
    slurm.run("scontrol", "update", f"nodename={node}", "state=drain", "reason=fan")
    told = slurm.run(*make, "WAIT=2", folder=campaign.folder, wanted=2)
    assert "cannot start: ReqNodeNotAvail" in told and f"UnavailableNodes:{node}" in told
    assert times(campaign) == kept and not slurm.jobs()

    slurm.run("scontrol", "update", f"nodename={node}", "state=resume")
    told = slurm.run(*make, folder=campaign.folder)
    assert f"{4 - len(kept)} block" in told
    assert len(campaign.records()) == 4 and kept.items() <= times(campaign).items()
    assert {record["host"]["host"] for record in campaign.read_records()} == {node}
    assert (campaign.folder / "results/report.html").exists()
    assert not leftovers(slurm)


def test_jobs_of_the_front_end_lose_no_finished_block_when_one_of_them_is_cancelled(
    slurm, campaign
):
    name = campaign.write(5)
    make = ("make", "--no-print-directory", "jobs", f"CAMPAIGN={name}", "NODES=node1", "BLOCKS=3")
    first = slurm.start(*make, folder=campaign.folder)
    wait_until(campaign.records, "a block is measured")
    running = [number for number, state, _ in slurm.jobs() if state == "RUNNING"]
    slurm.run("scancel", *running)
    said, _ = first.communicate()
    assert first.returncode and "blocks are missing" in said, said
    kept = times(campaign)
    assert 3 <= len(kept) < 5, "those of the second job, and the finished ones of the first"
    assert all(record["spec"] for record in campaign.read_records())
    assert not leftovers(slurm) and not (campaign.folder / "results/jobs").exists()

    slurm.run("scontrol", "update", "nodename=node1", "state=drain", "reason=fan")
    told = slurm.run(*make, "WAIT=2", folder=campaign.folder, wanted=2)
    assert "cannot start: ReqNodeNotAvail, UnavailableNodes:node1; cancelled after 2 s" in told
    slurm.run("scontrol", "update", "nodename=node1", "state=resume")
    assert times(campaign) == kept and not slurm.jobs()

    told = slurm.run(*make, folder=campaign.folder)
    assert f"{5 - len(kept)} block" in told
    assert len(campaign.records()) == 5 and kept.items() <= times(campaign).items()
    assert {record["host"]["host"] for record in campaign.read_records()} == {"node1"}
    assert (campaign.folder / "results/report.html").exists()


@pytest.fixture
def own_slurm(tmp_path_factory):
    """One for a test that leaves it in a state in which others could not use it."""
    if why_not():
        pytest.skip(why_not())
    running = Slurm(tmp_path_factory.mktemp("slurm"))
    yield running
    running.stop()


def kill_controller(slurm, campaign) -> None:
    """In the middle of a job, once it has written down that the job runs: it does so some seconds
    late, and a controller that never did takes the job for one that failed to start."""
    wait_until(campaign.records, "a block is measured")
    begun = "$(squeue --noheader --states=RUNNING --format=%S)"
    script = f'date -d "{begun}" +%s; stat -c %Y /mnt/state/job_state; date +%s'

    def is_written():
        start, written, now = map(int, slurm.run("sh", "-c", script).split())
        return written > start + 1 or now > start + LATE_S

    wait_until(is_written, "Slurm has written down its job")
    slurm.run("sh", "-c", "kill -KILL $(cat /mnt/slurmctld.pid)")


def test_a_controller_that_is_killed_and_comes_back_costs_no_finished_block(own_slurm, campaign):
    name = campaign.write(BLOCKS)
    make = ("make", "--no-print-directory", "jobs", f"CAMPAIGN={name}", "NODES=node0", "WAIT=5")
    first = own_slurm.start(*make, f"BLOCKS={BLOCKS}", folder=campaign.folder)
    kill_controller(own_slurm, campaign)
    kept = times(campaign)
    wait_until(lambda: len(campaign.records()) > len(kept), "the job goes on by itself")
    own_slurm.run("slurmctld")
    said, _ = first.communicate()
    assert "Traceback" not in said, said
    assert kept.items() <= times(campaign).items()
    kept = times(campaign)
    assert (first.returncode == 0) == (len(kept) == BLOCKS), said
    told = own_slurm.run(*make, folder=campaign.folder)
    assert len(kept) == BLOCKS or f"{BLOCKS - len(kept)} block" in told
    assert len(campaign.records()) == BLOCKS and kept.items() <= times(campaign).items()
    assert not leftovers(own_slurm)


def test_a_controller_that_stays_away_is_not_waited_for_without_end(own_slurm, campaign):
    name = campaign.write(BLOCKS)
    make = ("make", "--no-print-directory", "jobs", f"CAMPAIGN={name}", "NODES=node0", "WAIT=2")
    first = own_slurm.start(*make, f"BLOCKS={BLOCKS}", folder=campaign.folder)
    kill_controller(own_slurm, campaign)
    said, _ = first.communicate()
    kept = times(campaign)
    assert first.returncode and "Traceback" not in said, said
    (why,) = (line for line in said.splitlines() if "has not answered for 2 s" in line)
    assert why.startswith("Slurm's controller ") and "run the same again" in why
    wait_until(lambda: not leftovers(own_slurm), "the job has ended by itself")
    assert kept.items() <= times(campaign).items()
    assert len(campaign.records()) == BLOCKS, "what the job measured meanwhile is kept"


def test_two_campaigns_that_want_the_same_node_both_finish_one_after_the_other(slurm, campaign):
    one = campaign.write(2, "one.yaml", results_in="runs/one")
    two = campaign.write(2, "two.yaml", results_in="runs/two")
    whole = ("make", "slurm", f"CAMPAIGN={one}", "SBATCH=--nodelist=node0")
    by_jobs = ("make", "jobs", f"CAMPAIGN={two}", "NODES=node0")
    started = [slurm.start(*argv, folder=campaign.folder) for argv in (whole, by_jobs)]
    for process in started:
        said, _ = process.communicate()
        assert process.returncode == 0, said
    spans = []
    for name in ("one", "two"):
        found = sorted((campaign.folder / "runs" / name / "results/raw").rglob("*.json"))
        assert len(found) == 2
        runs = [run for file in found for run in json.loads(file.read_text())["commands"]]
        spans.append((min(run["start"] for run in runs), max(run["end"] for run in runs)))
    first, second = sorted(spans)
    assert first[1] < second[0], "one after the other, not block by block"


def test_a_front_end_that_is_stopped_takes_its_jobs_with_it(slurm, campaign):
    name = campaign.write(5)
    argv = (str(ROOT / ".venv/bin/python"), "-m", "vcperf", "jobs", "--nodes=node0", name)
    environment = ("env", "PYTHONPATH=scripts")
    first = slurm.start(*environment, *argv, folder=campaign.folder)
    wait_until(campaign.records, "a block is measured")
    (below,) = [pid for pid, args in descendants(first.pid).items() if "-m vcperf jobs" in args]
    os.kill(below, signal.SIGTERM)
    said, _ = first.communicate()
    assert first.returncode and "interrupted; the same command goes on" in said, said
    wait_until(lambda: not slurm.jobs(), "its job has ended")
    wait_until(lambda: not leftovers(slurm), "and what that had started")
    assert len(campaign.records()) < 5
    assert all(record["spec"] for record in campaign.read_records())


def test_a_requeued_campaign_goes_on_where_it_was(slurm, campaign):
    name = campaign.write(4)
    running = slurm.start("make", "slurm", f"CAMPAIGN={name}", folder=campaign.folder)
    wait_until(campaign.records, "a block is measured")
    ((number, _, _),) = slurm.jobs()
    slurm.run("scontrol", "requeue", number)
    wait_until(lambda: slurm.jobs()[0][2] == "BeginTime", "the job is in the queue again")
    kept = times(campaign)
    assert not leftovers(slurm)
    # Slurm itself would wait two minutes.
    slurm.run("scontrol", "update", f"JobId={number}", "StartTime=now")
    said, _ = running.communicate()
    assert running.returncode == 0, said
    assert len(campaign.records()) == 4 and kept.items() <= times(campaign).items()


def test_the_nodes_of_a_job_are_those_of_a_campaign_on_plain_hosts(slurm, campaign, sshd):
    """Both are reached by ssh, and are this machine."""
    paths = {"config1": ["vc00->c010"], "config2": None}
    name = campaign.write(1, testbed="native", netperf={"paths": paths})
    make = ("make", "slurm", f"CAMPAIGN={name}", "NODES=2", f"SSH_CONFIG={sshd.ssh_config}")
    slurm.run(*make, folder=campaign.folder)
    (record,) = campaign.read_records()
    assert {node["ssh"] for node in record["spec"]["nodes"].values()} == {"node0", "node1"}
    assert not slurm.jobs() and not leftovers(slurm)


def test_without_hosts_of_its_own_a_campaign_is_measured_on_each_node_of_its_job(slurm, campaign):
    name = campaign.write(1)
    slurm.run("make", "slurm", f"CAMPAIGN={name}", "NODES=2", folder=campaign.folder)
    for node in ("node0", "node1"):
        (file,) = (campaign.folder / "nodes" / node / "results/raw").rglob("*.json")
        assert json.loads(file.read_text())["host"]["host"] == node
        assert (campaign.folder / "nodes" / node / "results/report.html").exists()


def test_the_tutorial_ends_with_results_of_both_ways(slurm, checkout):
    example = checkout.folder / "config/campaigns/two-placements.yaml"
    content = files.read_yaml(example)
    content |= {"blocks": 1, "remeasure": 0, "quiet": {"wait_s": 0}}
    content["netperf"]["message_bytes"] = [1024]
    example.write_text(yaml.safe_dump(content))
    page = (ROOT / "docs/tutorials/slurm.md").read_text()
    lines = "".join(re.findall(r"```sh\n(.*?)```", page, re.S)).splitlines()
    told = [line.split(" #")[0].strip() for line in lines]
    assert [line.split()[1] for line in told] == [
        *("setup", "config/campaigns/two-placements.yaml", "doctor", "slurm", "jobs"),
    ]
    for command in told:
        # As if nothing was measured before.
        shutil.rmtree(checkout.folder / "results/raw", ignore_errors=True)
        said = slurm.run("sh", "-c", command, folder=checkout.folder)
        if "doctor" in command:
            assert "2 of 2 nodes take jobs" in said
        if "slurm" in command or "jobs" in command:
            assert len(checkout.records()) == 2
            assert (checkout.folder / "results/report.html").exists()


def test_a_job_of_the_front_end_holds_all_hosts_of_its_blocks(slurm, campaign, sshd):
    nodes = {
        node: {"ssh": node, "domains": {name: {"address": "127.0.0.1"} for name in domains}}
        for node, domains in (
            ("node0", ("vc00", "c000", "c001")),
            ("node1", ("vc10", "c010", "c011")),
        )
    }
    content = {"ssh_config": str(sshd.ssh_config), "nodes": nodes}
    (campaign.folder / "hosts.yaml").write_text(yaml.safe_dump(content))
    paths = {"config1": ["vc00->c010"], "config2": None}
    name = campaign.write(2, testbed="native", testbed_file="hosts.yaml", netperf={"paths": paths})
    running = slurm.start("make", "jobs", f"CAMPAIGN={name}", folder=campaign.folder)
    wait_until(campaign.records, "a block is measured")
    assert slurm.run("squeue", "--noheader", "--format=%N|%D|%T").strip() == "node[0-1]|2|RUNNING"
    said, _ = running.communicate()
    assert running.returncode == 0, said
    assert len(campaign.records()) == 2 and not leftovers(slurm)
