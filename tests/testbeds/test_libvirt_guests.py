"""With which options guests run, against what a spec wants. That a guest is started again with
others, and once more as it was, is shown on a real host, in tests/lab."""

import json

import pytest
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.testbeds import libvirt_guests, libvirt_node, libvirt_pins
from vcperf.tools import guest_definition, virsh

DATA = ROOT / "tests/data"
THREADS = (DATA / "qemu_threads/qemu-7.2-tcg.txt").read_text()
DEFINITION = (DATA / "guest_definition/qemu-7.2.txt").read_text()


def look(wanted, **options):
    """A node whose guest c000 has these options and a thread of vhost if that is wanted."""
    node = {"ssh": "root@one", "uri": virsh.URI, "dom0": "host", "guests": {"web": "c000"}}
    node |= {"domains": {"host": [[0]], "web": [[0], [1]]}, "guest_options": {"web": wanted}}
    thread = THREADS.replace("(call_rcu)", "(vhost-85)") if options.pop("thread", 0) else THREADS
    found = libvirt_node.LibvirtNode("node0", node, {}, 2, "boot")
    rows = libvirt_node.listed(virsh.URI, [], [(0, "0-1\n"), (0, thread)])
    interfaces = guest_definition.parse(guest_definition.changed(DEFINITION, options))
    return libvirt_node.Look(found, 1.0, {}, rows, {"c000": interfaces})


@pytest.mark.parametrize(
    ("wanted", "runs", "how"),
    [
        ({"queues": 1}, {}, None),
        ({"queues": 2}, {}, "queues: 1, not 2"),
        ({"queues": 2, "vhost": True}, {"queues": 2, "vhost": True}, None),
        ({"vhost": True}, {"vhost": False}, "vhost: false, not true"),
        ({"queues": 2, "vhost": True}, {}, "queues: 1, vhost: false, not 2, true"),
        ({"vhost": False}, {}, None),  # libvirt chose, and no thread of vhost works for it
        ({"vhost": False}, {"thread": True}, "vhost: true, not false"),
        ({"vhost": True}, {"thread": True}, None),
    ],
)
def test_a_guest_is_unlike_in_what_the_spec_names_alone(wanted, runs, how):
    assert libvirt_guests.unlike(look(wanted, **runs)) == ({} if how is None else {"c000": how})


def test_a_guest_without_an_interface_to_choose_for_is_an_error():
    found = look({"queues": 2})
    found.interfaces["c000"] = []
    with pytest.raises(VcperfError, match=r"node0 .root@one.: guest c000 has no virtio interface"):
        libvirt_guests.unlike(found)


def test_the_journal_knows_a_guest_by_its_name_and_how_it_ran():
    """Not by QEMU's process, which ends as it is started again."""
    about = (virsh.URI, "c000")
    was = libvirt_guests.definition_row(*about, (0, "running\n\n"), (0, DEFINITION))
    other = guest_definition.changed(DEFINITION, {"queues": 2})
    now = libvirt_guests.definition_row(*about, (0, "running\n\n"), (0, other))
    assert libvirt_pins.key(was) == libvirt_pins.key(now)
    assert libvirt_pins.pin(was) != libvirt_pins.pin(now)
    for state, definition in (((1, "error: no domain"), (1, "error: no domain")),
                              ((0, "shut off\n"), (0, DEFINITION))):  # fmt: skip
        gone = libvirt_guests.definition_row(*about, state, definition)
        assert libvirt_pins.pin(gone) == ""
    assert libvirt_pins.put_argv({}, was) is None
    assert libvirt_pins.missed(was) == "guest c000 does not run as before again"
    assert json.loads(was["affinity"]) == guest_definition.parse(DEFINITION)
