"""Nodes, domains and links of a plan."""

import dataclasses
import re

import pytest
from helpers.plans import plan_of

from vcperf.errors import VcperfError
from vcperf.planning.layout import Site
from vcperf.preparation.hosts import host_of

ENDS = ("vc00", "vc10", "c000", "c001", "c010", "c011")


def test_nodes_have_cpus_of_their_own_where_the_host_has_enough():
    crowded, roomy = (
        plan_of({}, host_of("netns", (0, 1))),
        plan_of({}, host_of("netns", (0, 1, 2, 3))),
    )
    across = [c for c in crowded.cells if c.labels["path"] == "vc00->c010"]
    assert all(cell.shared_cpus for cell in across)
    assert not any(c.shared_cpus for c in crowded.cells if c.labels["path"] == "c000->c001")
    assert not any(cell.shared_cpus for cell in roomy.cells)
    nodes = next(c for c in roomy.cells if c.labels["path"] == "vc00->c010").spec["nodes"]
    assert nodes["node1"]["domains"]["c010"] == [[3], [3]]


def test_only_netns_across_nodes_has_a_link():
    netns, native = plan_of({}), plan_of({}, host_of("native", (0, 1)))
    assert {c.labels["path"] for c in netns.cells if "link_mbps" in c.spec} == {
        "vc00->c010",
        "c000->c010",
        "c000->c011",
    }
    assert not any("link_mbps" in c.spec for c in native.cells)


def test_the_rate_of_a_link_is_known_from_the_configuration_or_stated_outside_of_any_spec():
    site = Site({"node0": {}, "node1": {}}, {end: {} for end in ENDS}, {})
    stated = dataclasses.replace(site, link_mbps=10_000)
    hosts = [
        dataclasses.replace(host_of("netns", (0, 1)), testbed="xen", site=s) for s in (site, stated)
    ]
    across = {"path": "vc00->c010", "message_bytes": 120}.items()
    change = dict.fromkeys(("pingpong", "profile", "bandwidth"))
    plans = [plan_of({}), *(plan_of(change, host) for host in hosts)]
    cells = [next(c for c in plan.cells if across <= c.labels.items()) for plan in plans]
    links = [(cell.link, cell.link_mbps) for cell in cells]
    assert links == [("shaped", 1000), ("unknown", None), ("stated", 10_000)]
    assert cells[1].name == cells[2].name
    assert {c.link for p in plans for c in p.cells if c.labels["path"] == "c000->c001"} == {"none"}


def test_a_pinning_may_name_other_threads_than_vcpus():
    """On a testbed whose guests have such threads; on any other it is as without them."""
    entry = {"vcpus": [0, 1], "emulator": 0, "vhost": "0-1"}
    change = dict.fromkeys(("pingpong", "profile"))
    change |= {"pinnings": {"config1": {"node0": {"c000": entry}}}}
    site = Site({"node0": {}, "node1": {}}, {end: {} for end in ENDS}, {})
    plain, named = (
        plan_of(change, host) for host in (host_of("netns", (0, 1)), host_of("libvirt", (), site))
    )
    for plan, threads in ((plain, None), (named, {"c000": {"emulator": [0], "vhost": [0, 1]}})):
        cells = [c for c in plan.cells if "pinning" in c.labels and "path" in c.labels]
        specs = [c.spec for c in cells if c.labels["pinning"] == "config1"]
        nodes = [spec["nodes"]["node0"] for spec in specs if "node0" in spec["nodes"]]
        assert nodes and all(node["domains"]["c000"] == [[0], [1]] for node in nodes)
        assert all(node.get("threads") == threads for node in nodes)


def test_options_of_guests_are_the_nodes_and_above_them_the_pinnings():
    """On a testbed whose guests have such options; on any other it is as without them."""
    change = dict.fromkeys(("pingpong", "profile"))
    domains = {"c000": {"guest": {"queues": 2, "vhost": True}}}
    entry = {"vcpus": [0, 1], "guest": {"vhost": False}}
    change |= {"nodes": {"node0": {"domains": domains}}}
    change |= {"pinnings": {"config1": {"node0": {"c000": entry}}}}
    site = Site({"node0": {}, "node1": {}}, {end: {} for end in ENDS}, {})
    plain, chosen = (
        plan_of(change, host) for host in (host_of("netns", (0, 1)), host_of("libvirt", (), site))
    )
    both = {"config1": {"queues": 2, "vhost": False}, "config2": {"queues": 2, "vhost": True}}
    for plan, wanted in ((plain, {}), (chosen, both)):
        for cell in (c for c in plan.cells if c.labels.get("pinning") in both):
            options = wanted.get(cell.labels["pinning"])
            nodes = cell.spec["nodes"]
            if "node0" in nodes:
                assert nodes["node0"].get("guest_options") == (options and {"c000": options})
                assert "threads" not in nodes["node0"]


@pytest.mark.parametrize(
    ("domain", "entry", "says"),
    [
        (
            "c000",
            {"vcpus": 0, "guest": {"queues": 3}},
            "c000.guest.queues: 3, but the domain has 2",
        ),
        ("vc00", {"vcpus": 0, "guest": {"queues": 1}}, "vc00.guest: this is the node itself"),
        ("c000", {"vcpus": 0, "guest": {"queue": 1}}, "queue"),
        ("c000", {"vcpus": 0, "guest": {"vhost": 1}}, "vhost"),
        ("c000", {"vcpus": 0, "emulator": 7}, "c000.emulator: CPU 7, but node0 has CPUs 0-1"),
        ("c000", {"vcpus": [0], "vhost": 0}, "c000.vcpus: 1 entries, but the domain has 2 VCPUs"),
        ("vc00", {"vcpus": 0, "vhost": 0}, "vc00.vhost: only guests have such threads"),
        ("c000", {"emulator": 0}, "c000: "),
        ("c000", {"vcpus": 0, "emulators": 0}, "emulators"),
    ],
)
def test_what_a_pinning_cannot_say_of_threads_is_named(domain, entry, says):
    site = Site({"node0": {}, "node1": {}}, {end: {} for end in ENDS}, {})
    change = {"pinnings": {"config1": {"node0": {domain: entry}}}}
    with pytest.raises(VcperfError, match=re.escape(says)):
        plan_of(change, host_of("libvirt", (), site))
