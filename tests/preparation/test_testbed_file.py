"""Testbed files: hosts and domains that are two."""

import pytest
import yaml
from helpers.checkout import ROOT
from helpers.config import DEFAULT

from vcperf.config import files
from vcperf.errors import VcperfError
from vcperf.preparation import testbed_file
from vcperf.testbeds.ssh import HERE


def test_a_testbed_file_may_state_the_rate_of_the_link(tmp_path):
    content = files.read_yaml(ROOT / "lab/testbed.yaml")
    for given, stated in ({}, None), ({"link_mbps": 1000}, 1000):
        file = tmp_path / "testbed.yaml"
        file.write_text(yaml.safe_dump({**content, **given}))
        site = testbed_file.read({**DEFAULT, "testbed": "xen", "testbed_file": str(file)})
        assert site.link_mbps == stated and "link_mbps" not in str(site.nodes)


ONE_OF_BOTH = "give a destination for ssh, or here: true when the node is this machine"


@pytest.mark.parametrize(
    ("line", "fault"),
    [("    here: true\n", "has ssh and here"), (None, "the key 'ssh' is missing")],
)
def test_a_node_is_reached_by_ssh_or_is_this_machine(tmp_path, line, fault):
    """Said in so many words: one whose ssh was forgotten must not be measured here."""
    text = (ROOT / "lab/testbed.yaml").read_text()
    ssh = "    ssh: lab-vc00\n"
    file = tmp_path / "testbed.yaml"
    file.write_text(text.replace(ssh, ssh + line if line else ""))
    config = {**DEFAULT, "testbed": "native", "testbed_file": str(file)}
    with pytest.raises(VcperfError) as refused:
        testbed_file.read(config)
    assert str(refused.value) == f"{file}: nodes.node0: {fault}; {ONE_OF_BOTH}"
    file.write_text(text.replace(ssh, "    here: true\n"))
    site = testbed_file.read(config)
    assert site.nodes["node0"] == {"ssh": HERE} != site.nodes["node1"]


COPIED = "; was the line copied? Each domain needs its own"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"node1": {"ssh": "lab-vc00"}},
            f"nodes.node1.ssh: lab-vc00 is that of domain vc00 too{COPIED}",
        ),
        (
            {"node0": {"domains": {"c001": {"ssh": "lab-c000"}}}},
            f"nodes.node0.domains.c001.ssh: lab-c000 is that of domain c000 too{COPIED}",
        ),
        (  # the whole line was copied
            {"node0": {"domains": {"c001": {"ssh": "lab-c000", "address": "10.9.0.11"}}}},
            f"nodes.node0.domains.c001.ssh: lab-c000 is that of domain c000 too{COPIED}",
        ),
        (
            {"node1": {"domains": {"c010": {"address": "10.9.0.11"}}}},
            f"nodes.node1.domains.c010.address: 10.9.0.11 is that of domain c000 too{COPIED}",
        ),
        (
            {"node1": {"domains": {"c011": {"xen": "c010"}}}},
            "nodes.node1.domains.c011.xen: c010 is c010's already",
        ),
        (
            {"node0": {"domains": {"c000": {"address": "10.9.0.256"}}}},
            "nodes.node0.domains.c000.address: '10.9.0.256' is not an IPv4 address of one host",
        ),
    ],
)
def test_a_testbed_file_that_calls_two_one_is_refused_by_its_key(tmp_path, change, says):
    content = files.merge(files.read_yaml(ROOT / "lab/testbed.yaml"), {"nodes": change})
    file = tmp_path / "testbed.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(VcperfError) as refused:
        testbed_file.read({**DEFAULT, "testbed": "xen", "testbed_file": str(file)})
    assert str(refused.value) == f"{file}: {says}"


def test_each_testbed_may_have_a_file_of_its_own_and_others_live_here():
    named = {**DEFAULT, "testbed_file": {"xen": str(ROOT / "lab/testbed.yaml")}}
    assert testbed_file.read({**named, "testbed": "xen"}).nodes["node0"]["toolstack"] == "xl"
    assert testbed_file.read({**named, "testbed": "netns"}) is None
    with pytest.raises(VcperfError, match=r"testbed: libvirt needs testbed_file, "):
        testbed_file.read({**named, "testbed": "libvirt"})
    named["testbed_file"]["xen"] = "no.yaml"
    with pytest.raises(VcperfError, match=r"testbed_file\.xen: there is no file 'no.yaml'"):
        testbed_file.read({**named, "testbed": "xen"})


def test_a_file_for_a_testbed_that_the_campaign_lacks_is_refused():
    named = {**DEFAULT, "testbed_file": {"xne": "some.yaml"}}
    with pytest.raises(VcperfError) as refused:
        testbed_file.check_names(named, ["xen", "netns"], [])
    assert str(refused.value).endswith(
        "testbed_file.xne: 'xne' is no testbed of this campaign; known: netns, xen"
    )
