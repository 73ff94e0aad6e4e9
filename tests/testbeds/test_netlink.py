"""Networks set up by messages are as `ip` and `tc` show them."""

import json
import os
import re
import subprocess
import sys

import pytest
from helpers.checkout import ROOT

from vcperf.testbeds.netns import NetnsTestbed

pytestmark = pytest.mark.skipif(
    bool(NetnsTestbed.host_fault()), reason="namespaces are refused here"
)

# The first process of new namespaces: sets a network up in two of them, and asks in each.
TRY = """
import json, subprocess, sys
from vcperf.errors import VcperfError
from vcperf.testbeds import namespaces
from vcperf.testbeds.netlink import LOOPBACK, Network

networks, anchors = [], []
with namespaces.back_home():
    for name in ("one", "other"):
        namespaces.enter_new()
        networks.append(Network(f"domain {name}"))
        anchors.append(namespaces.anchor())
one, other = networks
said = []
try:
    one.add_bridge("bridge", 100)
    one.add_cable("cable", 200, "eth0", 300, anchors[1].pid)
    one.set_up(200, 100)
    one.shape(200, int(sys.argv[1]), 65536, 0.02)
    one.commit()
    other.set_up(LOOPBACK)
    other.add_address(300, "10.0.0.1", 24)
    other.set_arp(300, 10, 500)
    other.set_up(300)
    other.commit()
    other.set_up(LOOPBACK)
    other.add_address(77, "10.0.0.2", 24)
    other.commit()
except VcperfError as fault:
    said.append(str(fault))
for anchor in anchors:
    for argv in sys.argv[2:]:
        enter = ["nsenter", f"--target={anchor.pid}", "--net"]
        done = subprocess.run([*enter, *argv.split()], capture_output=True, text=True)
        said.append(done.stdout + done.stderr)
print(json.dumps(said))
"""
ASK = ("ip -4 -o addr", "ip -o -d link", "tc qdisc show", "ip ntable show name arp_cache")


def answers(mbps: int) -> list[str]:
    """What was refused, then the answers to ASK in one namespace and in the other."""
    argv = [ROOT / "scripts/isolate", "netns", sys.executable, "-c", TRY, str(mbps * 10**6), *ASK]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_ip_and_tc_show_what_was_asked_for():
    refused, _, links, shapes, _, addresses, links_there, _, arp = answers(500)
    assert refused == "domain other: cannot add address 10.0.0.2: No such device"
    assert re.search(r"100: bridge: <[^>]*\bUP\b.* bridge forward_delay", links)
    assert re.search(r"200: cable@if300: <[^>]*\bLOWER_UP\b.* master bridge state UP", links)
    assert re.search(r"tbf \w+: dev cable root .*rate 500Mbit burst 655\d\d?b lat 20ms", shapes)
    assert re.search(r"300: eth0@if200: <[^>]*\bLOWER_UP\b", links_there)
    assert re.search(r"1: lo: <[^>]*\bUP\b", links_there)
    assert re.search(r"eth0\s+inet 10\.0\.0\.1/24 ", addresses)
    of_eth0 = re.search(r"dev eth0.*?(?=\ninet|\Z)", arp, re.S)[0]
    assert re.search(r"retrans 1\d ", of_eth0), "10 ms, in ticks of the kernel"
    assert "mcast_probes 500" in of_eth0


def test_a_rate_of_more_than_32_bits_of_bytes_is_held():
    assert "rate 40Gbit burst" in answers(40_000)[3]


def test_nothing_stays_when_the_block_ends():
    before = set(os.listdir("/proc"))
    answers(1)
    made = {pid for pid in set(os.listdir("/proc")) - before if pid.isdigit()}
    assert not [pid for pid in made if b"back_home" in command_line(pid)]


def command_line(pid: str) -> bytes:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as handle:
            return handle.read()
    except OSError:
        return b""
