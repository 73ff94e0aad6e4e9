"""Blocks of one campaign do not measure on one node at the same time."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from helpers.checkout import ROOT

from vcperf.testbeds import node_locks

NODES = {"node0": {"ssh": "one"}, "node1": {"ssh": "two"}}
OTHER = """
import sys
from types import SimpleNamespace
from vcperf.testbeds import node_locks
folder, machine, host, links = sys.argv[1:]
connections = SimpleNamespace(shared=folder, folder=folder, machine=lambda host: machine)
context = {"links": {links: ["x"]}} if links else {}
node_locks.take(connections, {"x": {"ssh": host}, "y": {"ssh": host}}, context)
print("taken", flush=True)
"""


@pytest.fixture
def locks(tmp_path):
    """The locks of a block on two nodes of a campaign, across a link, and a way to ask for more."""
    connections = SimpleNamespace(
        shared=str(tmp_path), folder=str(tmp_path), machine=lambda host: f"boot of {host}"
    )
    held = node_locks.take(connections, NODES, {"links": {"uplink": ["node1"]}})
    yield held
    for handle in held:
        os.close(handle)


def other(tmp_path, machine, host="three", link=""):
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, str(tmp_path), machine, host, link],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("machine", "link", "what"), [("boot of two", "", "three"), ("apart", "uplink", "link uplink")]
)
def test_a_second_block_waits_and_says_for_whom(locks, tmp_path, machine, link, what):
    """The same machine by another name, or another machine across the same link."""
    with other(tmp_path, machine, link=link) as waiting:
        line = waiting.stderr.readline()
        assert line.startswith(f"Waiting: process {os.getpid()} (in ")
        assert line.endswith(f" is measuring on {what}.\n")
        while locks:
            os.close(locks.pop())
        assert waiting.stdout.readline() == "taken\n"


def test_a_block_on_other_nodes_does_not_wait(locks, tmp_path):
    with other(tmp_path, "apart") as free:
        assert free.stdout.readline() == "taken\n"
        assert not free.stderr.read()


def test_a_block_by_itself_takes_none_as_its_hosts_are_locked(tmp_path):
    connections = SimpleNamespace(shared=None, folder=str(tmp_path))
    assert node_locks.take(connections, NODES, {}) == []
    assert not list(tmp_path.iterdir())
