"""Null switches off an entry of a lower file; a mistyped name that is null is refused."""

import pytest
import yaml
from helpers.config import DEFAULT_FILE
from helpers.plans import plan_of

from vcperf.config import campaign_file, claims_file, figures_file, files
from vcperf.errors import VcperfError

MISTYPED = {
    "a section": ({"bandwith": None}, "bandwith: unknown key, did you mean 'bandwidth'?"),
    "a key at the top": ({"profil": None}, "profil: unknown key, did you mean 'profile'?"),
    "a key of a section": ({"netperf": {"tets": None}}, "netperf.tets: unknown key, .* 'tests'"),
    "a pinning": ({"pinnings": {"confg1": None}}, "pinnings.confg1: null .* mean 'config1'"),
    "a node": ({"nodes": {"nod0": None}}, "nodes.nod0: null switches off .* 'node0'"),
    "a domain": (
        {"nodes": {"node0": {"domains": {"c00": None}}}},
        r"nodes.node0.domains.c00: .* did you mean 'v?c00[01]?'\?",
    ),
    "a stack": ({"stacks": {"mpixh": None}}, "stacks.mpixh: .* did you mean 'mpich'"),
    "a cluster": ({"clusters": {"vc11": None}}, "clusters.vc11: .* did you mean 'vc1'"),
    "a pinning of paths": ({"netperf": {"paths": {"config9": None}}}, "netperf.paths.config9: "),
    "a point": (
        {"profile": {"pingpong": {"points": {"C": None}}}},
        "profile.pingpong.points.C: .*; known: A, B",
    ),
}


@pytest.mark.parametrize("name", MISTYPED)
def test_a_mistyped_name_that_is_null_is_refused(name, tmp_path):
    change, fault = MISTYPED[name]
    with pytest.raises(VcperfError, match=f"campaign.yaml: {fault}"):
        plan_of(change, tmp=tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"bandwidth": None},
        {"baseline": {"paths": None, "message_bytes": None}},
        {"netns": {"link_mbps": None}},
        {"netperf": {"congestion_control": None}},  # what the default does not set either
        {"pinnings": {"config3": None}, "netperf": {"paths": {"config3": None}}, "profile": None},
        {"stacks": {"intel": None}},
        # A value that may be a mapping, among others.
        {"pinnings": {"config1": {"node0": {"c000": {"vcpus": 0, "guest": {"queues": None}}}}}},
    ],
)
def test_null_switches_off_an_entry_of_the_default(change, tmp_path):
    assert plan_of(change, tmp=tmp_path).cells


def test_null_switches_off_an_entry_of_the_file_below(tmp_path):
    below, above = tmp_path / "below.yaml", tmp_path / "above.yaml"
    mine = files.read_yaml(DEFAULT_FILE)["pinnings"]["config1"]
    below.write_text(yaml.safe_dump({"pinnings": {"mine": mine}}))
    above.write_text(yaml.safe_dump({"pinnings": {"mine": None}}))
    sources = [DEFAULT_FILE, below, above]
    assert "mine" not in campaign_file.checked(files.merged(sources), sources)["pinnings"]
    with pytest.raises(VcperfError, match=r"above.yaml: pinnings.mine: null switches off"):
        campaign_file.checked(files.merged([DEFAULT_FILE, above]), [DEFAULT_FILE, above])


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"blocks": None}, "blocks"),
        ({"netperf": {"tests": None}}, "netperf.tests"),
        ({"quiet": {"wait_s": None}}, "quiet.wait_s"),
        ({"nodes": {"node0": {"dom0": None}}}, "nodes.node0.dom0"),
        ({"netperf": {"tests": ["TCP_RR", None]}}, r"netperf.tests\[1\]"),
        ({"pinnings": {"config1": {"node0": {"c000": [0, None]}}}}, r"node0.c000\[1\]"),
    ],
)
def test_null_for_a_value_that_is_needed_is_refused(change, key, tmp_path):
    with pytest.raises(VcperfError, match=f"{key}: this cannot be null"):
        plan_of(change, tmp=tmp_path)


def test_null_without_all_entries_is_refused_as_empty(tmp_path):
    change = {"nodes": {"node0": {"domains": dict.fromkeys(["vc00", "c000", "c001"])}}}
    with pytest.raises(VcperfError, match=r"nodes.node0.domains: .* fewer than 1 entries"):
        plan_of(change, tmp=tmp_path)


@pytest.mark.parametrize(
    ("read", "content", "key"),
    [
        (lambda path: figures_file.read(path, {}, ()), "figures: {f: null}", "figures.f"),
        (
            lambda path: claims_file.read(path, {}, ()),
            "claims: {c: {states: ~, parts: []}}",
            "states",
        ),
    ],
)
def test_null_in_a_file_that_lies_over_no_other_is_refused(read, content, key, tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(content)
    with pytest.raises(VcperfError, match=f"{key}: this cannot be null"):
        read(str(path))
