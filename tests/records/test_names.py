"""The form of a spec without names: equal where names alone differ, and nowhere else."""

import copy
import json

import pytest
from helpers.renaming import renamed as with_names

from vcperf.records import names
from vcperf.records.key import nameless_key, spec_key

SPEC = {
    "kind": "pingpong",
    "testbed": "netns",
    "block": 3,
    "link_mbps": 1000,
    "ranks": ["c0", "c2"],
    "load": {"class": "S", "ranks": ["c1", "c3"]},
    "nodes": {
        "n0": {"dom0": "d0", "domains": {"c0": [[1], [1]], "c1": [[1]], "d0": [[0]]}},
        "n1": {"dom0": "d1", "domains": {"c2": [[1], [1]], "c3": [[1]], "d1": [[0]]}},
    },
}
# Under Xen, where a toolstack and ssh have names of their own.
XEN = {
    "kind": "profile",
    "testbed": "xen",
    "profiler": {"name": "xenoprof", "passive": {"c1": "/boot/vmlinux"}},
    "stack": {"kind": "mpich", "host": "c0"},
    "sender": "d0",
    "receiver": "c0",
    "ends": {
        "d0": {"ssh": "root@h0", "address": "10.0.0.1"},
        "c0": {"ssh": "c0", "address": "10.0.0.2"},
    },
    "nodes": {
        "n0": {
            "dom0": "d0",
            "domains": {"c0": [[1]], "c1": [[1]], "d0": [[0]]},
            "ssh": "n0",
            "toolstack": "xl",
            "xen": {"c0": "c0", "c1": "guest1", "d0": "Domain-0"},
        }
    },
}
# With libvirt, where a pinning names other threads than VCPUs as well.
KVM = {
    "kind": "netperf",
    "testbed": "libvirt",
    "sender": "d0",
    "receiver": "c0",
    "ends": XEN["ends"],
    "nodes": {
        "n0": {
            "dom0": "d0",
            "domains": {"c0": [[1]], "c1": [[1]], "d0": [[0]]},
            "ssh": "n0",
            "uri": "qemu:///system",
            "guests": {"c0": "c0", "c1": "guest1"},
            "threads": {"c0": {"vhost": [0]}},
        }
    },
}
OF_DOMAINS = {"xen", "guests", "threads"}


def labelled(spec, labels):
    """A spec with other labels; what ssh, a toolstack and profiles name stays."""
    found = with_names(spec, labels)
    for domain, end in spec.get("ends", {}).items():
        found["ends"][labels.get(domain, domain)] = end
    if "stack" in spec:
        found["stack"] = spec["stack"]
    for name, node in spec["nodes"].items():
        other = found["nodes"][labels.get(name, name)]
        if "ssh" in node:
            other["ssh"] = node["ssh"]
        for key in OF_DOMAINS & node.keys():
            other[key] = {labels.get(d, d): its for d, its in node[key].items()}
    return found


@pytest.mark.parametrize("spec", [SPEC, XEN, KVM], ids=["netns", "xen", "kvm"])
@pytest.mark.parametrize(
    "labels",
    [
        {"n0": "z", "n1": "a"},
        {"c0": "z", "c1": "y", "d0": "x"},
        {"c0": "c1", "c1": "c0"},
        {"n0": "n1", "n1": "n0", "c2": "b"},
    ],
)
def test_other_names_are_the_same_spec(spec, labels):
    other = labelled(spec, labels)
    assert spec_key(other) != spec_key(spec) or not labels.keys() & {*json.dumps(spec).split('"')}
    assert nameless_key(other) == nameless_key(spec)
    assert nameless_key({**other, "block": 1}) == nameless_key(spec)
    called = names.renamed(names.places(spec), names.places(other))
    known = {*spec["nodes"], *(d for n in spec["nodes"].values() for d in n["domains"])}
    assert {name: called[name] for name in known} == {n: labels.get(n, n) for n in known}
    # From JSON, in which keys are sorted by name.
    sorted_by_name = json.loads(json.dumps(other, sort_keys=True))
    assert names.places(sorted_by_name) == names.places(other)


def at(*path, value):
    """A change of one place of a spec."""

    def change(spec):
        for key in path[:-1]:
            spec = spec[key]
        spec[path[-1]] = value

    return change


CHANGES = [
    (SPEC, at("ranks", value=["c2", "c1"])),
    (SPEC, at("ranks", value=["c0", "c3"])),
    (SPEC, at("load", "ranks", value=["c3"])),
    (SPEC, at("load", "class", value="W")),
    (SPEC, at("nodes", "n1", "dom0", value="c3")),
    (SPEC, at("nodes", "n1", "domains", "c3", value=[[0]])),
    (SPEC, at("nodes", "n0", "domains", "c9", value=[[1]])),
    (SPEC, at("link_mbps", value=None)),
    (XEN, at("sender", value="c1")),
    (KVM, at("nodes", "n0", "uri", value="qemu+unix:///system")),
    (KVM, at("nodes", "n0", "guests", "c1", value="guest2")),
    (KVM, at("nodes", "n0", "threads", "c0", value={"vhost": [1]})),
    (KVM, at("nodes", "n0", "threads", value={})),
    (XEN, at("ends", "c0", "ssh", value="other")),
    (XEN, at("ends", "c0", "address", value="10.0.0.3")),
    (XEN, at("nodes", "n0", "ssh", value="other")),
    (XEN, at("nodes", "n0", "toolstack", value="xm")),
    (XEN, at("nodes", "n0", "xen", "c1", value="guest2")),
    (XEN, at("profiler", "passive", value={})),
    (XEN, at("profiler", "passive", "c1", value="/boot/other")),
    (XEN, at("stack", "host", value="other")),
]


@pytest.mark.parametrize(("spec", "change"), CHANGES)
def test_what_a_name_stands_for_decides(spec, change):
    other = copy.deepcopy(spec)
    change(other)
    assert nameless_key(other) != nameless_key(spec)


def test_names_in_a_place_that_is_not_known_stay():
    """Else two specs would be one that differ in what the third domain is."""
    for where in ({"third": "c1"}, {"several": ["n0"]}, {"of": {"c1": 1}}):
        spec = {**SPEC, **where}
        assert names.nameless(spec) == {k: v for k, v in spec.items() if k != "block"}
    unknown = copy.deepcopy(SPEC)
    unknown["nodes"]["n0"]["first"] = "c1"
    assert "c1" in json.dumps(names.nameless(unknown))
    assert "c9" in json.dumps(names.nameless({**SPEC, "ranks": ["c0", "c9"]}))


def test_no_name_is_left_in_the_form_without_names():
    text = json.dumps(names.nameless(SPEC))
    assert not any(f'"{name}"' in text for name in ("n0", "n1", "c0", "c1", "c2", "c3", "d0", "d1"))
