"""A configuration is refused whole, in one line that names file, key and fault."""

import pytest
import yaml
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf import campaign, config, cpulist, kinds
from vcperf.errors import VcperfError
from vcperf.layout import Host

DEFAULT = "config/config.yaml"
HOST = Host("netns", (0, 1))


def plan_of(change: dict, host: Host = HOST, tmp=None):
    base = config.read_yaml(ROOT / DEFAULT)
    sources = [ROOT / DEFAULT]
    if tmp:
        overlay = tmp / "campaign.yaml"
        overlay.write_text(yaml.safe_dump(change))
        sources.append(overlay)
    clean = campaign.checked(config.merge(base, change), sources)
    return campaign.plan(clean, host, sources)


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
        ["netperf.paths.config1[0]", "needs two domains"],
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
        ["pinnings.config1.node0: says nothing of domain 'c001'"],
    ),
    "a pinning of an unknown domain": (
        {"pinnings": {"config1": {"node0": {"c009": 0}}}},
        ["pinnings.config1.node0.c009: node node0 has no domain 'c009'"],
    ),
    "too many CPUs for the VCPUs": (
        {"pinnings": {"config1": {"node0": {"c001": [0, 1]}}}},
        ["pinnings.config1.node0.c001: 2 entries, but the domain has 1 VCPUs"],
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
    "an unknown testbed": (
        {"testbed": "kvm"},
        ["campaign.yaml: testbed: 'kvm' is not auto, one of netns, native and xen, or a list"],
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
        ["campaign.yaml: netperf.paths.config1[1]: 'vc00 -> c010' is there already, as"],
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
        ["nodes.node0.domains.c000.vcpus", "at most 1024"],
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
def test_bad_input_is_named_in_one_line(fault, tmp_path):
    change, expected = BAD[fault]
    with pytest.raises(VcperfError) as refused:
        plan_of(change, tmp=tmp_path)
    said = str(refused.value)
    assert "\n" not in said
    for part in expected:
        assert part in said


INFINITE, NAN = float("inf"), float("nan")
NOT_FINITE = [
    ("disturbed_percent", INFINITE),
    ("target_percent", NAN),
    ("converge.budget_minutes", INFINITE),
    ("netperf.warmup_s", NAN),
    ("netns.link_mbps", NAN),
    ("bandwidth.duration_s.pathload", -INFINITE),
    ("netperf.message_bytes[0]", NAN),
]


@pytest.mark.parametrize(("key", "value"), NOT_FINITE)
def test_a_number_without_end_is_refused(tmp_path, key, value):
    change = [value] if key.endswith("[0]") else value
    for part in reversed(key.removesuffix("[0]").split(".")):
        change = {part: change}
    with pytest.raises(VcperfError) as refused:
        plan_of(change, tmp=tmp_path)
    assert f"campaign.yaml: {key}: {value} is not a finite number" in str(refused.value)


def test_a_key_from_the_command_line_is_said_to_be_one():
    with pytest.raises(VcperfError, match="--config: blokcs"):
        plan_of({"blokcs": 1})


def test_null_leaves_the_network_chapter_out(tmp_path):
    """As it does every other chapter."""
    kinds_of = {cell.kind for cell in plan_of({"netperf": None}, tmp=tmp_path).cells}
    assert kinds_of == {"bandwidth", "pingpong", "profile"}


def test_the_baseline_may_name_what_the_campaign_leaves_out():
    """As the default's baseline does, of a campaign that drops a pinning or a node."""
    dropped = {"pinnings": {"config3": None}, "netperf": {"paths": {"config3": None}}}
    dropped["profile"] = None
    plan_of({**dropped, "baseline": {"pinnings": ["config1", "config3"]}})


def test_cells_that_tables_could_not_tell_apart_are_refused(monkeypatch):
    monkeypatch.setattr(kinds, "NAMES", ("netperf", "netperf"))
    with pytest.raises(VcperfError, match=r"netperf: two cells on netns are called config1 vc00->"):
        plan_of({})


@given(st.lists(st.integers(0, 63), min_size=1, unique=True))
def test_cpu_lists_read_back(cpus):
    assert cpulist.parse(",".join(map(str, cpus))) == sorted(cpus)


def test_defaults_and_schema_are_in_step():
    """Every key that the schema knows is in the default configuration or is optional."""
    schema = config.read_yaml(ROOT / "config/schemas/config.schema.yaml")
    default = config.read_yaml(ROOT / DEFAULT)
    assert set(schema["required"]) <= set(default) <= set(schema["properties"])
    optional = {"socket_buffers", "congestion_control"}
    assert set(schema["properties"]["netperf"]["properties"]) - optional == set(default["netperf"])
    known = set(schema["properties"]["bandwidth"]["properties"])
    assert known - {"programs"} == set(default["bandwidth"])
    known = set(schema["properties"]["pingpong"]["properties"])
    assert known - {"imb"} == set(default["pingpong"])
    profile = schema["properties"]["profile"]["properties"]
    assert set(profile) == set(default["profile"])
    for part, optional in (("pingpong", set()), ("xenoprof", {"xen", "vmlinux", "passive"})):
        assert set(profile[part]["properties"]) - optional == set(default["profile"][part])


def documented(schema: dict, prefix=""):
    for key, entry in schema.get("properties", {}).items():
        yield f"{prefix}{key}"
        yield from documented(entry, f"{prefix}{key}.")


def test_every_key_is_in_the_readme():
    schema = config.read_yaml(ROOT / "config/schemas/config.schema.yaml")
    text = (ROOT / "config/README.md").read_text()
    for key in documented(schema):
        assert f"`{key}`" in text, key
