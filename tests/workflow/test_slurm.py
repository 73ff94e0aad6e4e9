"""Campaigns on a real Slurm, by one job in whose allocation the whole campaign runs."""

import json

import pytest
import yaml
from helpers.checkout import TINY
from helpers.processes import wait_until
from helpers.slurm import Slurm, why_not

from vcperf.config import files

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("measuring")]
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
    name = campaign.write(6)
    make = ("make", "--no-print-directory", "slurm", f"CAMPAIGN={name}")
    first = slurm.start(*make, folder=campaign.folder)
    wait_until(lambda: len(campaign.records()) >= 2, "two blocks are measured")
    ((number, _, _),) = slurm.jobs()
    slurm.run("scancel", number)
    said, _ = first.communicate()
    assert first.returncode and f"job {number}: cancelled; finished blocks are kept" in said
    kept = times(campaign)
    assert 2 <= len(kept) < 6, "whole records alone, and no more of them"
    assert all(record["spec"] for record in campaign.read_records())
    assert not leftovers(slurm)

    (node,) = json.loads((campaign.folder / "results/slurm/nodes.json").read_text())
    slurm.run("scontrol", "update", f"nodename={node}", "state=drain", "reason=fan")
    told = slurm.run(*make, "WAIT=2", folder=campaign.folder, wanted=2)
    assert "cannot start: ReqNodeNotAvail" in told and f"UnavailableNodes:{node}" in told
    assert times(campaign) == kept and not slurm.jobs()

    slurm.run("scontrol", "update", f"nodename={node}", "state=resume")
    told = slurm.run(*make, folder=campaign.folder)
    assert f"{6 - len(kept)} blocks to measure" in told
    assert len(campaign.records()) == 6 and kept.items() <= times(campaign).items()
    assert {record["host"]["host"] for record in campaign.read_records()} == {node}
    assert (campaign.folder / "results/report.html").exists()
    assert not leftovers(slurm)
