"""Pins of a KVM host's guests while their threads come and go."""

from types import SimpleNamespace

import pytest

from vcperf.errors import VcperfError
from vcperf.testbeds import libvirt, pins

ROW = {"uri": "qemu:///system", "guest": "c000", "pid": 7, "thread": "task", "index": 9}
ROW |= {"name": "worker", "group": "emulator", "of": None, "affinity": "0-1"}


@pytest.fixture
def testbed(monkeypatch):
    """Of a host on which a thread is found elsewhere as often as `late` says; `sent` has what
    has been asked of it."""
    made = libvirt.LibvirtTestbed({"nodes": {}, "ends": {}}, {})
    made.kvm = {"node0": SimpleNamespace(ssh="kvm0", boot="", where="node0 (kvm0)")}
    made.late, made.sent = 1, []

    def look():
        made.late -= 1
        wrong = [(ROW, "1")] if made.late >= 0 else []
        return {"node0": SimpleNamespace(misplaced=lambda: wrong, rows=[ROW])}

    def batch(moves):
        made.sent.append(moves)
        return {"kvm0": [(1, "taskset: no such process")]}

    monkeypatch.setattr(made, "_look", look)
    monkeypatch.setattr(made.ssh, "batch", batch)
    monkeypatch.setattr(pins, "remember", lambda *_: None)
    return made


def pin(testbed, late: int) -> int:
    """Pin; returns how often something was asked of the host."""
    testbed.late = late
    testbed._found = testbed._look()
    testbed.pin()
    return len(testbed.sent)


@pytest.mark.parametrize("late", [0, 1, libvirt.TRIES])
def test_a_thread_that_begins_while_others_are_pinned_is_pinned_too(testbed, late):
    assert pin(testbed, late) == late


def test_a_thread_that_stays_elsewhere_is_named(testbed):
    line = r"node0 \(kvm0\): QEMU's thread 'worker' \(emulator\) of c000 cannot be pinned to CPU 1,"
    with pytest.raises(VcperfError, match=line + r" it stays on 0-1 \(taskset: no such process\)"):
        pin(testbed, libvirt.TRIES + 1)
