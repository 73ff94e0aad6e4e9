"""Disjoint pairs of hosts reached by a real sshd, measured by real netperf."""

import itertools

import pytest
import yaml
from helpers import local_block
from helpers.simulated import campaign

pytestmark = [pytest.mark.xdist_group("measuring"), pytest.mark.slow]
PATHS = ["d00->d01", "d02->d03"]
# Hosts at which a script is in the way.
ODD = """
Match originalhost odd*
  IdentityFile "{folder}/odd"
Include {ssh_config}
"""
# A stand-in for what tells machines apart: each connection is to a machine of its own.
CAT = 'case $1 in */boot_id) echo "boot-$$" ;; *) exec /bin/cat "$@" ;; esac'


def write(checkout, ssh_config, names):
    nodes = {
        f"n{i:02}": {"ssh": name, "domains": {f"d{i:02}": {"address": f"127.0.0.{i + 1}"}}}
        for i, name in enumerate(names)
    }
    testbed = {"ssh_config": str(ssh_config), "nodes": nodes}
    (checkout.folder / "testbed.yaml").write_text(yaml.safe_dump(testbed))
    content = campaign(4, PATHS, testbed="native", blocks=3, remeasure=0)
    (checkout.folder / "campaign.yaml").write_text(yaml.safe_dump(content))


def measured(checkout):
    """Snakemake's output, and (start, end, nodes) of what each record measured."""
    what = ("--cores", "4", "results/tables/netperf.csv", "--until", "measure")
    done = checkout.snakemake(*what, configfile="campaign.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    records = checkout.read_records()
    runs = [
        (run["start"], run["end"], set(record["spec"]["nodes"]))
        for record in records
        for run in record["commands"]
        if run["role"] == "measure"
    ]
    assert len(records) == len(runs) == 6
    return done.stderr, runs


def overlapping(runs):
    """The pairs of runs that were under way at the same time."""
    return [(a[2], b[2]) for a, b in itertools.combinations(runs, 2) if a[0] < b[1] and b[0] < a[1]]


def test_four_names_of_one_machine_take_turns(checkout, sshd):
    """Snakemake takes them for four nodes; the locks find that they are one."""
    write(checkout, sshd.ssh_config, ["one", "two", "three", "four"])
    _, runs = measured(checkout)
    assert not overlapping(runs)
    logs = (checkout.folder / "results/logs/netperf").rglob("*.log")
    said = "".join(log.read_text() for log in logs)
    assert "Waiting: process " in said and " is measuring on " in said


def test_disjoint_pairs_of_machines_are_measured_at_the_same_time(checkout, sshd, tmp_path):
    commands = local_block.standin(tmp_path, "flock", "exit 0")
    local_block.standin(tmp_path, "cat", CAT)
    sshd.put_a_door(f"PATH={commands}:$PATH")
    config = tmp_path / "odd_config"
    config.write_text(ODD.format(folder=sshd.folder, ssh_config=sshd.ssh_config))
    write(checkout, config, ["odd0", "odd1", "odd2", "odd3"])
    _, runs = measured(checkout)
    together = overlapping(runs)
    assert together, "no two of six were under way at once"
    assert all(not a & b for a, b in together), "a node was in two measurements"
