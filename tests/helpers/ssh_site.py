"""A site of two nodes reached by ssh, both this machine: its testbed file, the stand-in for Xen's
toolstack (tests/standins/xm), and blocks measured there by hand."""

import json
import os
import subprocess

import yaml

from helpers.plans import prepared
from vcperf.config import files

MEASURE = ("python3", "-S", "-m", "vcperf.measure.netperf")
ONE_CELL = {
    "testbed_file": "testbed.yaml",
    "blocks": 1,
    "netperf": {
        "paths": {"config1": ["vc00->c010"], "config2": None},
        "message_bytes": [16384],
    },
}
# All nodes and domains that a block uses, by one name.
ODD = {"node0": "odd", "node1": "odd", "vc00": "odd", "c010": "odd"}
VCPUS = {"Domain-0/0": "all", "c000/0": "all", "c000/1": "all", "c001/0": "0"}


def write_testbed(checkout, sshd, **ssh):
    nodes = {
        name: {
            "ssh": ssh.get(name, name_there),
            "toolstack": "xm",
            "domains": {
                domain: {"address": "127.0.0.1", "ssh": ssh.get(domain, name_there)}
                | ({"xen": f"c00{guest}"} if guest is not None else {})
                for domain, guest in domains.items()
            },
        }
        for name, name_there, domains in (
            ("node0", "one", {"vc00": None, "c000": 0, "c001": 1}),
            ("node1", "two", {"vc10": None, "c010": 0, "c011": 1}),
        )
    }
    content = {"ssh_config": str(sshd.ssh_config), "nodes": nodes}
    (checkout.folder / "testbed.yaml").write_text(yaml.safe_dump(content))


def tell_xm(sshd, **faults):
    vcpus = {key: {"affinity": affinity} for key, affinity in VCPUS.items()}
    for key in faults.pop("offline", []):
        vcpus[key]["offline"] = True
    for key in faults.pop("gone", []):
        del vcpus[key]
    for key in faults.pop("unknown", []):
        vcpus[key]["affinity"] = "none"
    (sshd.folder / "xm.json").write_text(json.dumps({"vcpus": vcpus, **faults}))


def xm_state(sshd):
    state = json.loads((sshd.folder / "xm.json").read_text())
    return {key: vcpu["affinity"] for key, vcpu in state["vcpus"].items()}, state


def block_argv(checkout, monkeypatch, testbed, **changes) -> list[str]:
    """The command line that measures the one block of ONE_CELL, by hand."""
    overlay = checkout.overlay("one.yaml", files.merge(ONE_CELL, {"testbed": testbed, **changes}))
    monkeypatch.chdir(checkout.folder)
    (only,) = prepared(overlay).plan.blocks
    # The machine is locked by the test that runs, as by a campaign.
    monkeypatch.setenv("VCPERF_NODE_LOCKED", "1")
    isolate = str(checkout.folder / "scripts/isolate")
    return [isolate, testbed, *MEASURE, only.spec_json, "record.json", os.environ["VCPERF_CONTEXT"]]


def run_block(argv, checkout):
    done = subprocess.run(argv, cwd=checkout.folder, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    done.stderr = but_waiting(done.stderr)
    return done


def but_waiting(said: str) -> str:
    """What a block said but that it waits: other tests measure on this machine too."""
    return "".join(line for line in said.splitlines(True) if not line.startswith("Waiting: "))
