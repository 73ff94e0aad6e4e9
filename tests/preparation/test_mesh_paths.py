"""`paths: all-pairs` becomes nodes, a pinning and paths; what is wrong with it is one line."""

import pytest
from helpers import simulated
from helpers.config import DEFAULT

from vcperf.config import campaign_file, inherit
from vcperf.errors import VcperfError
from vcperf.preparation import mesh_paths

GROUPS = {"rack1": ["n00", "n01"], "rack2": ["n01", "n02"]}


@pytest.fixture
def expand(tmp_path, monkeypatch):
    """A campaign over four nodes, expanded."""
    monkeypatch.chdir(tmp_path)
    simulated.write_cluster(tmp_path, 4, groups=GROUPS)

    def expanded(paths="all-pairs", **more):
        own = simulated.mesh_campaign(netperf={"paths": paths}, testbed="native", **more)
        own = {key: value for key, value in own.items() if value is not None}
        return mesh_paths.with_paths(campaign_file.checked(inherit.merged(DEFAULT, own)), [])

    return expanded


def test_all_pairs_are_those_of_the_testbed_files_nodes_in_both_directions(expand):
    config = expand()
    (paths,) = config["netperf"]["paths"].values()
    assert len(paths) == len(set(paths)) == 12
    assert {"d00->d03", "d03->d00"} <= set(paths)
    assert sorted(config["nodes"]) == ["n00", "n01", "n02", "n03"]
    assert config["nodes"]["n00"] == {"cpus": 1, "dom0": "d00", "domains": {"d00": {"vcpus": 1}}}
    assert config["pinnings"]["mesh"]["n02"] == {"d02": 0}


def test_the_campaign_says_how_many_cpus_the_nodes_use(expand):
    assert expand(mesh={"cpus": 8})["pinnings"]["mesh"]["n00"] == {"d00": "0-7"}


def test_a_node_that_the_campaign_describes_stays_as_it_is(expand):
    own = {"cpus": 4, "dom0": "d00", "domains": {"d00": {"vcpus": 2}}}
    config = expand(nodes={"n00": own})
    assert config["nodes"]["n00"] == own and config["pinnings"]["mesh"]["n00"] == {"d00": "0-3"}


def test_groups_are_joined_and_other_paths_stay(expand):
    config = expand({"all-pairs-of": ["rack1", "rack2"]})
    assert len(config["netperf"]["paths"]["mesh"]) == 6
    assert "n03" not in config["nodes"]


def test_a_pinning_of_the_campaigns_own_is_used(expand):
    pins = {f"n0{i}": {f"d0{i}": 1} for i in range(4)}
    assert expand(pinnings={"mesh": pins}, mesh={"cpus": 2})["pinnings"]["mesh"] == pins


def test_other_campaigns_are_left_alone():
    assert mesh_paths.with_paths(DEFAULT, []) is DEFAULT


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"testbed_file": None},
            r"^netperf\.paths: all pairs are those of one testbed file's nodes",
        ),
        (
            {"testbed_file": {"native": "testbed.yaml", "xen": "testbed.yaml"}},
            r"^netperf\.paths: all pairs are those of one testbed file's nodes, not of 2;",
        ),
        (
            {"paths": {"all-pairs-of": ["rak1"]}},
            r"^netperf\.paths\.all-pairs-of: unknown group 'rak1', did you mean 'rack1'\?",
        ),
        ({"paths": "all pairs"}, r"netperf\.paths: 'all pairs' is not all-pairs, or a mapping"),
    ],
)
def test_what_is_wrong_is_one_line(expand, change, fault):
    with pytest.raises(VcperfError, match=fault):
        expand(**change)


def test_a_group_of_one_node_is_no_mesh(tmp_path, expand):
    simulated.write_cluster(tmp_path, 4, groups={"rack1": ["n00"]})
    with pytest.raises(VcperfError, match="a mesh has at least 2 nodes, not 1"):
        expand({"all-pairs-of": ["rack1"]})


@pytest.mark.parametrize("key", ["groups", "links"])
def test_an_unknown_node_of_a_group_or_link_is_named(tmp_path, expand, key):
    simulated.write_cluster(tmp_path, 4, **{key: {"rack1": ["n00", "n0l"]}})
    with pytest.raises(VcperfError, match=rf"{key}\.rack1\[1\]: unknown node 'n0l'"):
        expand()
