"""A configuration is refused whole, in one line that names file, key and fault."""

import pytest
from helpers.plans import plan_of

from vcperf.errors import VcperfError

BAD = {
    "a misspelt key": (
        {"blokcs": 3},
        ["campaign.yaml: blokcs: unknown key", "did you mean 'blocks'"],
    ),
    "a misspelt key inside": (
        {"netperf": {"durations": 3}},
        ["campaign.yaml: netperf.durations: unknown key", "duration_s"],
    ),
    "an unknown domain in a path": (
        {"netperf": {"paths": {"config1": ["vc00->c020"]}}},
        ["campaign.yaml: netperf.paths.config1[0]: unknown domain 'c020'", "c000"],
    ),
    "a path to itself": (
        {"netperf": {"paths": {"config1": ["c000->c000"]}}},
        ["netperf.paths.config1[0]", "sender and receiver are one domain; name two"],
    ),
    "a path that is none": (
        {"netperf": {"paths": {"config1": ["vc00-c010"]}}},
        ["netperf.paths.config1[0]", "vc00-c010", "SENDER->RECEIVER"],
    ),
    "a CPU that the host lacks": (
        {"nodes": {"node0": {"cpus": [0, 9]}}},
        ["campaign.yaml: nodes.node0.cpus[1]: the host has no CPU 9", "0, 1"],
    ),
    "more CPUs than the host has": (
        {"nodes": {"node0": {"cpus": 3}}},
        ["campaign.yaml: nodes.node0.cpus: 3 CPUs, but this host has 2"],
    ),
    "a CPU that the node lacks": (
        {"pinnings": {"config1": {"node0": {"c000": 5}}}},
        ["campaign.yaml: pinnings.config1.node0.c000: CPU 5, but node0 has CPUs 0-1"],
    ),
    "a size of 0": (
        {"netperf": {"message_bytes": [120, 0]}},
        ["campaign.yaml: netperf.message_bytes[1]: 0 is less than the minimum of 1"],
    ),
    "a size that UDP cannot send": (
        {"netperf": {"message_bytes": [70000], "tests": ["UDP_STREAM"]}},
        ["netperf.message_bytes[0]: 70000", "65507"],
    ),
    "a test that netperf does not know": (
        {"netperf": {"tests": ["TCP_STREEM"]}},
        ["campaign.yaml: netperf.tests[0]: 'TCP_STREEM' is not one of", "TCP_STREAM"],
    ),
    "an unknown pinning": (
        {"netperf": {"paths": {"config9": ["vc00->c010"]}}},
        ["campaign.yaml: netperf.paths.config9: unknown pinning 'config9'"],
    ),
    "a pinning that forgets a domain": (
        {"pinnings": {"config1": {"node0": {"c001": None}}}},
        ["pinnings.config1.node0: lacks domain 'c001'; give it a CPU"],
    ),
    "a pinning of an unknown domain": (
        {"pinnings": {"config1": {"node0": {"c009": 0}}}},
        ["pinnings.config1.node0.c009: node node0 has no domain 'c009'"],
    ),
    "too many CPUs for the VCPUs": (
        {"pinnings": {"config1": {"node0": {"c001": [0, 1]}}}},
        ["pinnings.config1.node0.c001: 2 entries, but the domain has 1 VCPU; give one entry"],
    ),
    "a domain of two nodes": (
        {"nodes": {"node1": {"domains": {"c000": {"vcpus": 1}}}}},
        ["nodes.node1.domains.c000: node node0 has a domain of that name"],
    ),
    "a dom0 that is none": (
        {"nodes": {"node0": {"dom0": "vc99"}}},
        ["nodes.node0.dom0: 'vc99' is not one of the node's domains"],
    ),
    "half a second": ({"netperf": {"duration_s": 0.5}}, ["netperf.duration_s", "whole seconds"]),
    "no blocks": ({"blocks": 0}, ["campaign.yaml: blocks: 0 is less than the minimum of 1"]),
    "a word for a number": ({"seed": "x"}, ["campaign.yaml: seed: 'x' is not a whole number"]),
    "a testbed that is no name": (
        {"testbed": 7},
        ["campaign.yaml: testbed: 7 is not auto, the name of a testbed, or a list of names"],
    ),
    "a path that is in no list": (
        {"netperf": {"paths": {"config1": "vc00->c010"}}},
        ["campaign.yaml: netperf.paths.config1: 'vc00->c010' is not a list, as in [a, b]"],
    ),
    "a word for a CPU": (
        {"pinnings": {"config1": {"node0": {"c000": ["a", 0]}}}},
        ["config1.node0.c000[0]: 'a' is not a CPU such as 0, or a set such as \"0-1\""],
    ),
    "half a CPU": (
        {"pinnings": {"config1": {"node0": {"c000": 0.5}}}},
        ["campaign.yaml: pinnings.config1.node0.c000: 0.5 is not a CPU of the node"],
    ),
    "half a CPU in a list": (
        {"pinnings": {"config1": {"node0": {"c000": [0, 0.5]}}}},
        ["config1.node0.c000[1]: 0.5 is not a whole number or text", '"0-1"'],
    ),
    "nothing for what must be there": (
        {"blocks": None},
        ["campaign.yaml: blocks: this cannot be null"],
    ),
    "a key that is missing": (
        {"netperf": {"socket_buffers": {"send_bytes": 1024}}},
        ["campaign.yaml: netperf.socket_buffers: the key 'receive_bytes' is missing"],
    ),
    "nothing at all": (
        {
            "bandwidth": None,
            "pingpong": None,
            "profile": None,
            "netperf": {"paths": dict.fromkeys(["config1", "config2", "config3"])},
        },
        ["netperf.paths: nothing to measure"],
    ),
    "no section at all": (
        dict.fromkeys(["netperf", "bandwidth", "pingpong", "profile"]),
        ["campaign.yaml: netperf", "nothing to measure"],
    ),
    "a path twice": (
        {"netperf": {"paths": {"config1": ["vc00->c010", "vc00 -> c010"]}}},
        ["campaign.yaml: netperf.paths.config1[1]: 'vc00 -> c010' is a duplicate of 'vc00->c010'"],
    ),
    "a number for a name": (
        {"netperf": {"paths": {1: ["vc00->c010"]}}},
        ["campaign.yaml: netperf.paths: the key 1 is not text", "quotes"],
    ),
    "a name that ends in a newline": (
        {"pinnings": {"a\n": {"node0": {}}}},
        ["campaign.yaml: pinnings: 'a\\n' is not a name"],
    ),
    "an option that ends in a newline": (
        {"netperf": {"congestion_control": "cubic\n"}},
        ["campaign.yaml: netperf.congestion_control: 'cubic\\n' is not"],
    ),
    "a baseline of an unknown pinning": (
        {"baseline": {"pinnings": ["config1", "confg2"]}},
        ["campaign.yaml: baseline.pinnings[1]: unknown pinning 'confg2', did you mean 'config2'?"],
    ),
    "a baseline of an unknown domain": (
        {"baseline": {"paths": ["vc99->c000"]}},
        ["campaign.yaml: baseline.paths[0]: unknown domain 'vc99'"],
    ),
    "CPUs without end": (
        {"pinnings": {"config1": {"node0": {"c000": "0-99999999999"}}}},
        ["pinnings.config1.node0.c000: CPU 0-99999999999, but node0 has CPUs 0-1"],
    ),
    "CPUs backwards": (
        {"pinnings": {"config1": {"node0": {"c000": "1-0"}}}},
        ["pinnings.config1.node0.c000: CPU 1-0, but node0 has CPUs 0-1"],
    ),
    "VCPUs without end": (
        {"nodes": {"node0": {"domains": {"c000": {"vcpus": 10**12}}}}},
        ["nodes.node0.domains.c000.vcpus", "1 to 1024"],
    ),
    "a link that lets nothing through": (
        {"netns": {"link_mbps": 1e-9}},
        ["campaign.yaml: netns.link_mbps: 1e-09 is less than the minimum of 1"],
    ),
    "a shell in a name": (
        {"nodes": {"node0": {"domains": {"a; rm -rf": {"vcpus": 1}}}}},
        ["nodes.node0.domains: 'a; rm -rf' is not a name"],
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_mistake_is_named_in_one_line_with_file_and_key(fault, tmp_path):
    change, expected = BAD[fault]
    with pytest.raises(VcperfError) as refused:
        plan_of(change, tmp=tmp_path)
    said = str(refused.value)
    assert "\n" not in said
    for part in expected:
        assert part in said


def test_an_error_says_when_a_key_is_from_the_command_line():
    with pytest.raises(VcperfError, match="--config: blokcs"):
        plan_of({"blokcs": 1})


def test_null_switches_off_netperf(tmp_path):
    """As it does every other chapter."""
    kinds_of = {cell.kind for cell in plan_of({"netperf": None}, tmp=tmp_path).cells}
    assert kinds_of == {"bandwidth", "pingpong", "profile"}


def test_the_baseline_may_name_what_the_campaign_leaves_out():
    """As the default's baseline does, of a campaign that drops a pinning or a node."""
    dropped = {"pinnings": {"config3": None}, "netperf": {"paths": {"config3": None}}}
    dropped["profile"] = None
    plan_of({**dropped, "baseline": {"pinnings": ["config1", "config3"]}})
