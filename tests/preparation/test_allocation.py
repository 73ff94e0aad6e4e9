"""The nodes of a job, as a testbed file."""

import pytest

from vcperf.config import files
from vcperf.errors import VcperfError
from vcperf.preparation import allocation, testbed_file

CONFIG = {
    "testbed": "native",
    "nodes": {
        "left": {"dom0": "a", "domains": {"a": {}, "b": {}}},
        "right": {"dom0": "c", "domains": {"c": {}}},
    },
}
ADDRESSES = {"n7": "10.0.0.7", "n9": "10.0.0.9"}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_nodes_of_the_campaign_are_the_hosts_in_their_order():
    path = allocation.testbed_file(CONFIG, ["n7", "n9"], "conf", ADDRESSES.__getitem__)
    site = testbed_file.read({**CONFIG, "testbed_file": path})
    assert site.nodes == {"left": {"ssh": "n7"}, "right": {"ssh": "n9"}}
    assert site.ends["b"] == {"ssh": "n7", "address": "10.0.0.7"}
    assert site.context["ssh_config"].endswith("/conf")
    assert files.read_yaml(path)["nodes"]["right"]["domains"] == {"c": {"address": "10.0.0.9"}}


def test_a_campaign_of_other_size_than_the_job_is_refused():
    with pytest.raises(VcperfError, match=r"has 2 \(left, right\), and 1 were asked for"):
        allocation.testbed_file(CONFIG, ["n7"], None, ADDRESSES.__getitem__)


def test_a_host_without_an_address_is_named():
    def unknown(_):
        raise OSError("unknown")

    with pytest.raises(VcperfError, match="n7: no IPv4 address: unknown"):
        allocation.testbed_file(CONFIG, ["n7", "n9"], None, unknown)


def test_the_nodes_of_the_first_job_are_kept_for_the_next():
    assert allocation.kept() == []
    allocation.keep(["n7", "n9"])
    assert allocation.kept() == ["n7", "n9"]


def test_a_damaged_list_of_nodes_is_named_with_what_to_do(tmp_path):
    allocation.keep([])
    (tmp_path / "results/slurm/nodes.json").write_text("[")
    with pytest.raises(VcperfError, match=r"nodes\.json: .*; delete it to take any nodes"):
        allocation.kept()
