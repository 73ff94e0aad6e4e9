"""A campaign that measures what its own file names alone."""

import pytest
import yaml
from helpers.config import DEFAULT, DEFAULT_FILE
from helpers.plans import HOST, prepared

from vcperf.config import campaign_file, inherit
from vcperf.errors import VcperfError
from vcperf.planning import planner

OWN = {
    "inherit": False,
    "blocks": 4,
    "netperf": {"paths": {"config1": ["vc00->c000"]}, "message_bytes": [1024, 4096]},
}


def checked(change, folder):
    overlay = folder / "mine.yaml"
    overlay.write_text(yaml.safe_dump(change))
    sources = [DEFAULT_FILE, overlay]
    return campaign_file.checked(campaign_file.merged(sources), sources)


def plan(change, folder):
    return planner.plan(checked(change, folder), HOST)


def test_nothing_of_the_default_is_measured(tmp_path):
    assert len(plan(OWN, tmp_path).blocks) == 8
    assert len(plan({**OWN, "inherit": True}, tmp_path).blocks) > 48


def test_options_stay_those_of_the_default(tmp_path):
    found = checked(OWN, tmp_path)
    assert found["netperf"]["duration_s"] == DEFAULT["netperf"]["duration_s"]
    assert found["disturbed_percent"] == DEFAULT["disturbed_percent"]
    assert found["nodes"] == DEFAULT["nodes"]


def test_the_same_cell_has_the_same_spec_with_and_without_the_default(tmp_path):
    alone = {block.record: block.spec_json for block in plan(OWN, tmp_path).blocks}
    beside = {
        block.record: block.spec_json for block in plan({**OWN, "inherit": True}, tmp_path).blocks
    }
    assert alone.items() <= beside.items()


def test_the_default_itself_is_what_it_was():
    assert inherit.merged(DEFAULT, {}) == DEFAULT
    assert campaign_file.merged([DEFAULT_FILE]) == DEFAULT


def test_there_are_no_claims_no_baseline_and_no_figures_but_its_own(tmp_path):
    found = checked(OWN, tmp_path)
    assert not {"claims", "baseline", "figures", "bandwidth", "pingpong", "profile"} & set(found)
    own = {
        **OWN,
        "claims": "config/claims.yaml",
        "bandwidth": {"paths": {"config1": ["vc00->c000"]}},
    }
    found = checked(own, tmp_path)
    assert found["claims"] == "config/claims.yaml"
    assert found["bandwidth"]["methods"] == DEFAULT["bandwidth"]["methods"]
    assert found["bandwidth"]["paths"] == {"config1": ["vc00->c000"]}


def test_a_section_inside_another_is_measured_when_it_is_named(tmp_path):
    paths = {"paths": {"config1": ["vc00->c000"]}}
    assert "pingpong" not in checked({**OWN, "profile": paths}, tmp_path)["profile"]
    own = {**OWN, "pingpong": {"pinnings": ["config2"]}, "profile": {**paths, "pingpong": {}}}
    points = DEFAULT["profile"]["pingpong"]["points"]
    assert checked(own, tmp_path)["profile"]["pingpong"]["points"] == points


@pytest.mark.parametrize("section", ["netperf", "pingpong"])
def test_a_section_says_itself_which_cells_it_has(section, tmp_path):
    missing = {"netperf": "paths", "pingpong": "pinnings"}[section]
    with pytest.raises(VcperfError, match=rf"mine.yaml: {section}: the key '{missing}' is missing"):
        checked({"inherit": False, section: {}}, tmp_path)


def test_a_file_with_nodes_has_those_alone(tmp_path):
    own = {
        **OWN,
        "nodes": {"node0": {"cpus": 1, "domains": {"vc00": {"vcpus": 1}, "c000": {"vcpus": 1}}}},
        "pinnings": {"config1": {"node0": {"vc00": 0, "c000": 0}}},
    }
    found = checked(own, tmp_path)
    assert list(found["nodes"]) == ["node0"] and found["nodes"]["node0"]["dom0"] == "vc00"
    assert list(found["nodes"]["node0"]["domains"]) == ["vc00", "c000"]
    assert found["pinnings"] == own["pinnings"], "not laid over the default's of that name"
    assert len(plan(own, tmp_path).blocks) == 8


def test_pinnings_of_the_default_are_there_by_their_names(tmp_path):
    own = {**OWN, "pinnings": {"mine": DEFAULT["pinnings"]["config3"]}}
    assert set(checked(own, tmp_path)["pinnings"]) == {"mine", "config1"}


def test_nothing_to_measure_is_said(tmp_path):
    with pytest.raises(VcperfError, match="nothing to measure"):
        plan({"inherit": False}, tmp_path)


def test_a_campaign_without_figures_gets_one_per_path(tmp_path):
    paths = {"config1": ["vc00->c000", "c000->c001"], "config3": ["vc00->c000"]}
    overlay = tmp_path / "mine.yaml"
    change = {"inherit": False, "testbed": "netns", "netperf": {"paths": paths}}
    overlay.write_text(yaml.safe_dump(change))
    assert prepared(overlay).figures is None
