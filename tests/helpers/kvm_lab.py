"""The lab's KVM host: its guests' pins, and tiny campaigns on it."""

import re
import shlex
import subprocess

import yaml

from helpers import labs
from helpers.checkout import ROOT, Checkout
from helpers.processes import descendants, wait_until
from vcperf.config import files
from vcperf.testbeds import libvirt_node
from vcperf.tools import virsh

RUN = ROOT / "lab/run-kvm"
SSH_CONFIG = RUN / "ssh_config"
HOST = "kvm-vc00"
GUESTS = ["c000", "c001"]
ONE_NODE = {
    "testbed": "libvirt",
    "testbed_file": str(ROOT / "lab/kvm-testbed.yaml"),
    "bandwidth": None,
    "pingpong": None,
    "profile": None,
    "blocks": 1,
    "remeasure": 0,
    "quiet": {"wait_s": 0},
    "figures": "config/figures.yaml",
    "nodes": {"node1": None},
    "pinnings": {
        "config1": {"node1": None},
        "config2": {"node0": {"c000": {"vcpus": [0, 1], "emulator": 1, "iothreads": "0-1"}}}
        | {"node1": None},
        "config3": {"node1": None},
    },
    "netperf": {
        "paths": {"config1": ["vc00->c000"], "config2": ["c000->c001"], "config3": None},
        "message_bytes": [16384],
        "duration_s": 1,
        "warmup_s": 0,
    },
}


def on(host: str, command: str) -> subprocess.CompletedProcess:
    """Run a command on the host or in a guest."""
    return labs.run_on(SSH_CONFIG, host, command)


def listing() -> list[dict]:
    """All pins by virsh and by the kernel, those of QEMU's workers aside, which come and go."""
    argvs = libvirt_node.listing_argvs(virsh.URI, GUESTS)
    script = "\n".join(f"{shlex.join(argv)}; echo '-- status' $?" for argv in argvs)
    parts = re.split(r"-- status (\d+)\n", on(HOST, script).stdout)
    answers = [(int(status), text) for text, status in zip(parts[::2], parts[1::2], strict=False)]
    rows = libvirt_node.listed(virsh.URI, GUESTS, answers)
    return [row for row in rows if row.get("name") != "worker"]


def pins() -> dict[tuple[str, str, int], str]:
    """Where each thread of both guests may run; QEMU's own threads by their names, for their
    numbers are others when a guest was started again."""
    found = {}
    for row in listing():
        index = row["name"] if row["thread"] == "task" else row["index"]
        found[row["guest"], row["thread"], index] = row["affinity"]
    return found


def campaign(checkout: Checkout, **changes) -> str:
    """Write a campaign file: ONE_NODE with changes."""
    content = files.merge(ONE_NODE, changes)
    (checkout.folder / "lab.yaml").write_text(yaml.safe_dump(content))
    return "lab.yaml"


def busy(host: str) -> bool:
    """Whether netperf or netserver runs in a domain."""
    return on(host, "cat /proc/[0-9]*/comm | grep -q '^net[ps]er'").returncode == 0


def measured_guest(process: subprocess.Popen) -> str:
    """The guest to which the host sends in a campaign that runs here; empty when it sends to
    none now. What runs on the host is below the campaign, like all connections to the host."""
    for line in descendants(process.pid).values():
        if line.startswith("netperf "):
            to = line.split()[line.split().index("-H") + 1].partition(",")[0]
            return {"10.9.0.11": "c000", "10.9.0.12": "c001"}[to]
    return ""


def create(guest: str) -> None:
    """Start a guest that was destroyed, and wait for it."""
    assert on(HOST, f"virsh -q create {RUN}/node0/{guest}.xml").returncode == 0
    wait_until(lambda: on(f"kvm-{guest}", "true").returncode == 0, f"{guest} up again")
