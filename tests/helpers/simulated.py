"""A copy of the project with a simulated cluster (tests/standins/simulated.py), and what its log
says of the order in which nodes were used."""

import shutil
import tempfile
from pathlib import Path

import yaml

from helpers.checkout import ROOT
from helpers.config import DEFAULT
from vcperf.config import campaign_file, inherit
from vcperf.planning import planner
from vcperf.preparation import mesh_paths, testbed_file
from vcperf.preparation.hosts import host_of

LOG, TIMES = "simulated.log", "simulated.times"


def add_to(checkout) -> None:
    """Add the testbed as docs/extending.md says: its module, and one line of the registry."""
    folder = checkout.folder / "scripts/vcperf/testbeds"
    shutil.copy2(ROOT / "tests/standins/simulated.py", folder)
    registry = folder / "__init__.py"
    text, head = registry.read_text(), "BY_SSH = {"
    assert head in text
    line = f'{head}"simulated": "simulated.SimulatedTestbed", '
    registry.write_text(text.replace(head, line, 1))


def write_cluster(folder, nodes, **more) -> None:
    """testbed.yaml: nodes n00, n01, ..., each with one domain d00, d01, ..."""
    content = {
        "nodes": {
            f"n{i:02}": {
                "ssh": f"root@n{i:02}",
                "domains": {f"d{i:02}": {"address": f"10.0.{i // 250}.{i % 250 + 1}"}},
            }
            for i in range(nodes)
        }
    }
    (folder / "testbed.yaml").write_text(yaml.safe_dump({**content, **more}))


def campaign(nodes, paths, **more):
    """A campaign of netperf on these nodes."""
    return {
        "inherit": False,
        "testbed": "simulated",
        "testbed_file": "testbed.yaml",
        "blocks": 1,
        "nodes": {
            f"n{i:02}": {"cpus": 1, "dom0": f"d{i:02}", "domains": {f"d{i:02}": {"vcpus": 1}}}
            for i in range(nodes)
        },
        "pinnings": {"one": {f"n{i:02}": {f"d{i:02}": 0} for i in range(nodes)}},
        "netperf": {
            "paths": {"one": paths},
            "tests": ["TCP_STREAM"],
            "message_bytes": [65536],
            "duration_s": 1,
            "warmup_s": 0,
        },
        **more,
    }


def log_of(checkout):
    """What the log says: (begin or end, the two nodes), in order."""
    lines = (checkout.folder / LOG).read_text().splitlines()
    return [(what, tuple(nodes)) for what, *nodes in map(str.split, lines) if what != "met"]


def most_at_once(log):
    """How many measurements were under way at once at most; refuses a node in two of them."""
    under_way, most = [], 0
    for what, nodes in log:
        if what == "begin":
            assert not any(set(nodes) & set(others) for others in under_way), (nodes, under_way)
            under_way.append(nodes)
        else:
            under_way.remove(nodes)
        most = max(most, len(under_way))
    assert not under_way
    return most


def mesh_campaign(**more):
    """A campaign that is a mesh of the nodes of testbed.yaml."""
    section = {"paths": "all-pairs", "tests": ["TCP_STREAM"], "message_bytes": [65536]}
    section |= {"duration_s": 1, "warmup_s": 0}
    return {
        "inherit": False,
        "testbed": "simulated",
        "testbed_file": "testbed.yaml",
        "blocks": 1,
        "netperf": {**section, **more.pop("netperf", {})},
        **more,
    }


def mesh_plan(nodes, blocks=1, sizes=(65536,), seed=1, **more):
    """The plan of a mesh, on the testbed native by ssh."""
    netperf = {"message_bytes": list(sizes)}
    with tempfile.TemporaryDirectory() as folder:
        write_cluster(Path(folder), nodes)
        own = mesh_campaign(netperf=netperf, testbed="native", blocks=blocks, seed=seed, **more)
        own["testbed_file"] = f"{folder}/testbed.yaml"
        clean = mesh_paths.with_paths(campaign_file.checked(inherit.merged(DEFAULT, own)), [])
        return planner.plan(clean, host_of("native", (), testbed_file.read(clean)))
