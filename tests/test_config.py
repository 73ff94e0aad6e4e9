"""A configuration is refused whole, in one line that names file, key and fault."""

import random

import pytest
import yaml
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from vcperf import campaign, config, cpulist
from vcperf.cell import canonical, spec_key
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
    "a word for a number": ({"seed": "x"}, ["campaign.yaml: seed: 'x' is not of type 'integer'"]),
    "an unknown testbed": ({"testbed": "kvm"}, ["testbed: 'kvm'", "one of netns, native and xen"]),
    "nothing at all": (
        {
            "bandwidth": None,
            "pingpong": None,
            "profile": None,
            "netperf": {"paths": dict.fromkeys(["config1", "config2", "config3"])},
        },
        ["netperf.paths: nothing to measure"],
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a: [1", "x.yaml:1: not valid YAML"), ("a: 1\nb: {", "x.yaml:"), ("- 1", "is not of type")],
)
def test_broken_files_are_named(tmp_path, text, expected):
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(VcperfError, match=expected):
        campaign.checked(config.read_yaml(file), [file])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(VcperfError, match=r"none\.yaml: No such file"):
        config.read_yaml(tmp_path / "none.yaml")


def test_a_key_from_the_command_line_is_said_to_be_one():
    with pytest.raises(VcperfError, match="--config: blokcs"):
        plan_of({"blokcs": 1})


def test_nodes_have_cpus_of_their_own_where_the_host_has_enough():
    crowded, roomy = plan_of({}, Host("netns", (0, 1))), plan_of({}, Host("netns", (0, 1, 2, 3)))
    across = [c for c in crowded.cells if c.labels["path"] == "vc00->c010"]
    assert all(cell.shared_cpus for cell in across)
    assert not any(c.shared_cpus for c in crowded.cells if c.labels["path"] == "c000->c001")
    assert not any(cell.shared_cpus for cell in roomy.cells)
    nodes = next(c for c in roomy.cells if c.labels["path"] == "vc00->c010").spec["nodes"]
    assert nodes["node1"]["domains"]["c010"] == [[3], [3]]


def test_a_spec_holds_no_label():
    """The pinning's name, the seed and the titles decide no result."""
    for cell in plan_of({}).cells:
        text = canonical(cell.spec)
        assert cell.labels["pinning"] not in text and "seed" not in text and "title" not in text


def test_only_netns_across_nodes_has_a_link():
    netns, native = plan_of({}), plan_of({}, Host("native", (0, 1)))
    assert {c.labels["path"] for c in netns.cells if "link_mbps" in c.spec} == {
        "vc00->c010",
        "c000->c010",
        "c000->c011",
    }
    assert not any("link_mbps" in c.spec for c in native.cells)


def test_the_order_is_the_seeds_and_every_round_is_whole():
    orders = {}
    for seed in (1, 1, 2):
        blocks = sorted(plan_of({"seed": seed}).blocks, key=lambda b: b.order)
        assert [b.order for b in blocks] == list(range(len(blocks)))
        assert [b.number for b in blocks] == sorted(b.number for b in blocks)
        orders.setdefault(seed, set()).add(tuple(b.cell.name for b in blocks))
    assert len(orders[1]) == 1 and orders[1] != orders[2]


json_values = st.recursive(
    st.integers() | st.text() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, min_size=1), st.randoms())
@settings(max_examples=50)
def test_a_key_is_of_the_content_and_not_of_its_order(spec, chance: random.Random):
    items = list(spec.items())
    chance.shuffle(items)
    assert spec_key(dict(items)) == spec_key(spec)
    changed = {**spec, items[0][0]: [items[0][1]]}
    if items[0][0] != "block":
        assert spec_key(changed) != spec_key(spec)


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
