"""MPI on two hosts reached by ssh (helpers.guests): their testbed file, a campaign there, and what
it left behind."""

import os
from pathlib import Path

from helpers.checkout import ROOT
from helpers.config import NO_NETPERF, pingpong_section
from helpers.guests import NAMES

SIZES = [1, 1024, 65536]
STACKS = ("mpich", "openmpi")


def folder_of(kind: str) -> str:
    return str((ROOT / ".tools").resolve() / "mpi" / kind)


def nodes_at(addresses: list[str]) -> dict:
    """Plain hosts for a testbed file, a domain's address its host's."""
    found = {}
    for index, (name, address) in enumerate(zip(NAMES, addresses, strict=True)):
        domains = (f"vc{index}0", f"c0{index}0", f"c0{index}1")
        found[name] = {"ssh": name, "domains": {d: {"address": address} for d in domains}}
    return found


def change_of(stacks=("mpich",), **changes):
    folders = {kind: {"kind": kind, "folder": folder_of(kind)} for kind in STACKS}
    wanted = pingpong_section(**{"stacks": list(stacks), "message_bytes": SIZES, **changes})
    return {
        **NO_NETPERF,
        "testbed": "native",
        "testbed_file": "testbed.yaml",
        "stacks": folders,
        # One machine stands for both hosts: the ranks of a cluster take a CPU each.
        "nodes": {"node0": {"cpus": [0, 1]}, "node1": {"cpus": [1, 0]}},
        "pingpong": wanted,
    }


def left_behind(guests) -> list[str]:
    """Files of ours in the hosts' /tmp, and processes in them but the hosts themselves."""
    found = []
    spaces = {guests.within(index) for index in range(len(NAMES))}
    anchors = {anchor.pid for anchor in guests.anchors}
    for anchor in anchors:
        names = os.listdir(f"/proc/{anchor}/root/tmp")
        found += [name for name in names if name.startswith("vcperf.")]
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            if os.readlink(f"/proc/{pid}/ns/net") in spaces and pid not in anchors:
                found.append(Path(f"/proc/{pid}/comm").read_text().strip())
        except OSError:
            continue
    return found
