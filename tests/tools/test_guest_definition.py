"""The definition of a guest: only how its interfaces are served changes. That libvirt starts a
guest from it is shown on a real one, in tests/lab."""

from xml.etree import ElementTree

import pytest
from helpers.checkout import ROOT

from vcperf.tools import guest_definition

DATA = ROOT / "tests/data/guest_definition"
ONE, THREE = ((DATA / f"{name}.txt").read_text() for name in ("qemu-7.2", "three-interfaces"))


def served(text):
    return [(row["driver"], row["queues"]) for row in guest_definition.parse(text)]


@pytest.mark.parametrize(
    ("options", "one", "three"),
    [
        ({"queues": 2}, [(None, 2)], [("vhost", 2), ("qemu", 2)]),
        ({"queues": 1, "vhost": False}, [("qemu", 1)], [("qemu", 1), ("qemu", 1)]),
        ({"vhost": True}, [("vhost", 1)], [("vhost", 4), ("vhost", 1)]),
    ],
)
def test_virtio_interfaces_on_taps_get_the_options(options, one, three):
    assert served(guest_definition.changed(ONE, options)) == one
    assert served(guest_definition.changed(THREE, options)) == three


def test_nothing_else_of_a_definition_changes():
    def others(text):
        root = ElementTree.fromstring(text)
        for interface in root.iterfind("devices/interface"):
            for driver in interface.findall("driver"):
                interface.remove(driver)
        for source in root.iterfind("devices/interface/source"):
            source.attrib.pop("portid", None)
        return [(e.tag, (e.text or "").strip(), dict(e.attrib)) for e in root.iter()]

    for text in (ONE, THREE):
        assert others(guest_definition.changed(text, {"queues": 2})) == others(text)
    assert "portid" in THREE and "portid" not in guest_definition.changed(THREE, {})
