"""Nodes held for a campaign: by several of its testbeds, each node once."""

import os
import subprocess
import sys

from helpers.checkout import ROOT
from helpers.processes import PATIENCE_S

# As a campaign with two testbeds does; one and two are the same machine. Nothing is left open.
HOLD_TWICE = """
import atexit, os, sys
from vcperf.testbeds import node_sessions
atexit.register(lambda: print(os.listdir(node_sessions.SOCKETS)))
def hold(*hosts):
    nodes = {f"node{n}": {"ssh": host} for n, host in enumerate(hosts)}
    return node_sessions.hold([{"ends": {}, "nodes": nodes}], sys.argv[1])
print(hold("one"), hold("one", "two"))
(folder,) = os.listdir(node_sessions.SOCKETS)
print(len([n for n in os.listdir(f"{node_sessions.SOCKETS}/{folder}") if "." not in n]))
"""


def test_testbeds_of_one_campaign_do_not_wait_for_each_other(sshd, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", HOLD_TWICE, str(sshd.ssh_config)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    # Another test may have the machine first.
    said = [line for line in done.stderr.splitlines() if "Waiting" not in line]
    assert done.returncode == 0 and not said, done.stderr
    assert done.stdout == "[] []\n2\n[]\n"
