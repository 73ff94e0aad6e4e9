"""`vcperf slurm`: what it refuses before anything is submitted. tests/workflow has Slurm itself."""

import pytest
import yaml
from helpers.checkout import TINY

from vcperf.commands import slurm, slurm_job
from vcperf.errors import VcperfError
from vcperf.preparation import allocation


@pytest.fixture(autouse=True)
def in_a_checkout(checkout, monkeypatch):
    monkeypatch.chdir(checkout.folder)
    monkeypatch.setenv("PATH", "/nonexistent")
    return checkout


def test_a_missing_slurm_is_said_with_what_to_do():
    with pytest.raises(VcperfError, match="sbatch: not found; run this where Slurm's commands are"):
        slurm.main([TINY])


def test_a_campaign_that_names_its_hosts_is_for_the_other_way(in_a_checkout):
    content = {"testbed": "native", "testbed_file": "lab/testbed.yaml"}
    (in_a_checkout.folder / "own.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(VcperfError, match=r"^testbed_file: it names nodes, .* make jobs"):
        slurm.main(["own.yaml"])


def test_a_campaign_stays_on_the_nodes_on_which_it_began():
    allocation.keep(["n0", "n1"])
    with pytest.raises(VcperfError, match=r"began on 2 nodes \(n0, n1\); give NODES=2"):
        slurm.main([TINY])


def test_outside_a_job_there_are_no_nodes():
    with pytest.raises(VcperfError, match="SLURM_JOB_NODELIST: not set"):
        slurm_job.main([TINY])
