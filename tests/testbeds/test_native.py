"""Plain processes on this machine: open to nobody else, and not without loopback."""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest
from helpers import local_block
from helpers.processes import descendants

from vcperf.testbeds import native

LISTENING = "0A"  # TCP_LISTEN, in the kernel's include/net/tcp_states.h
LOOPBACK = "0100007F"  # as /proc/net/tcp has it; anywhere is 00000000


def sockets_of(pids) -> set[str]:
    """The sockets (their inodes) of some processes."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    found.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    return {name[len("socket:[") : -1] for name in found if name.startswith("socket:[")}


def open_to(inodes: set[str]) -> set[tuple[str, str]]:
    """(protocol, address) where sockets take what others send. Formats: proc(5), /proc/net/tcp
    and udp: the second field is the local address, the tenth the inode."""
    found = set()
    for protocol in ("tcp", "udp"):
        for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and (protocol == "udp" or fields[3] == LISTENING):
                found.add((protocol, fields[1].partition(":")[0]))
    return found


@pytest.mark.xdist_group("measuring")
@pytest.mark.parametrize(("test", "protocol"), [("TCP_STREAM", "tcp"), ("UDP_RR", "udp")])
def test_nothing_of_a_block_listens_beyond_loopback(tmp_path, test, protocol):
    spec = local_block.spec_of("native", test=test, duration_s=3)  # long enough for many looks
    found = set()
    argv = local_block.argv_of(spec, tmp_path / "1.json")
    with subprocess.Popen(argv, env=local_block.environment(), stderr=subprocess.PIPE) as block:
        while block.poll() is None:
            found |= open_to(sockets_of([block.pid, *descendants(block.pid)]))
    assert block.returncode == 0
    assert found == {("tcp", LOOPBACK), (protocol, LOOPBACK)}


@pytest.mark.parametrize(("flags", "down"), [("0x9\n", False), ("0x8\n", True), ("", False)])
def test_loopback_that_is_down_is_named(tmp_path, monkeypatch, flags, down):
    file = tmp_path / "flags"
    monkeypatch.setattr(native, "LOOPBACK_FLAGS", str(file))
    assert native.NativeTestbed.host_fault() == ""
    file.write_text(flags)
    fault = native.NativeTestbed.host_fault()
    assert fault == ("the loopback interface lo is down; `ip link set lo up`" if down else "")
