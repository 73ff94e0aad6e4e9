"""Pins that a campaign changed, so that they can be put back.

Before a node's pins are changed for the first time, what they were is written to a
journal; it goes when they are as they were. So a killed campaign's pins are known to
the next run. Needs only the standard library.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os

from vcperf.basics.files import write_whole
from vcperf.errors import VcperfError
from vcperf.testbeds.ssh import Connections
from vcperf.tools import xl

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

# Not below a campaign's own folder: the next campaign on these hosts must find it.
FOLDER = "results/pins"
FORMAT = 2
# Another after each boot: domains' numbers start again then.
BOOT_ARGV = ["cat", "/proc/sys/kernel/random/boot_id"]


def remember(
    host: str,
    toolstack: str,
    ssh_config: str | None,
    boot: str,
    rows: Iterable[dict[str, Any]],
) -> None:
    """Note the pins of VCPUs that are about to be changed, except those noted already.

    Args:
        host: ssh destination of the node.
        toolstack: xl or xm.
        ssh_config: configuration file for ssh, if not the user's own.
        boot: what BOOT_ARGV prints there.
        rows: rows of `xl.parse`.
    """
    path = _path(host)
    journal = _read(path)
    if journal is None or journal["boot"] != boot:
        journal = {
            "format": FORMAT,
            "ssh": host,
            "ssh_config": ssh_config,
            "toolstack": toolstack,
            "boot": boot,
            "vcpus": [],
        }
    known = {(v["domain"], v["id"], v["vcpu"]) for v in journal["vcpus"]}
    added = [r for r in rows if (r["domain"], r["id"], r["vcpu"]) not in known]
    if added:
        journal["vcpus"] += added
        with write_whole(path) as handle:
            json.dump(journal, handle, indent=1)


def left(hosts: Iterable[str] | None = None) -> list[str]:
    """The journals of nodes whose pins have not been put back; of some nodes (ssh
    destinations) or of all."""
    found = sorted(glob.glob(f"{glob.escape(FOLDER)}/*.json"))
    if hosts is None:
        return found
    wanted = {_path(host) for host in hosts}
    return [path for path in found if path in wanted]


def put_back(path: str) -> str:
    """Put a node's pins back and remove their journal, while no campaign measures on it.

    VCPUs of domains that are gone, or were made again since, are left alone; so is a node
    that has booted since.

    Returns a line that says so, for the user. Raises VcperfError; the journal stays then.
    """
    journal = _read(path)
    if journal is None:
        raise VcperfError(f"{path}: not a journal of pins; delete it")
    host = journal["ssh"]
    connections = Connections(journal["ssh_config"])
    try:
        faults = connections.open({host: True})
        if faults:
            raise VcperfError(faults[host])
        journal = _read(path)  # as it is now that nobody else can change it
        if journal is None:
            return f"pins of {host}: another campaign has put them back"
        ((_, boot),) = connections.batch({host: [BOOT_ARGV]})[host]
        booted = boot.strip() != journal["boot"]
        changed = [] if booted else _put_back(connections, journal)
    finally:
        connections.close()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    if booted:
        return f"pins of {host}: it has booted since they were changed; nothing to put back"
    return f"pins of {host} put back: {len(changed)} VCPUs"


def _put_back(connections: Connections, journal: dict[str, Any]) -> list[dict[str, Any]]:
    """Put back what differs; returns it. Raises VcperfError naming what could not be."""
    host, toolstack = journal["ssh"], journal["toolstack"]
    changed = _differing(journal, _listed(connections, host, toolstack))
    # No toolstack takes `none`, which xl may print: see `XenTestbed.pin`.
    can_be = [r for r in changed if "none" not in _affinities(r)]
    if can_be:
        pinning = [xl.pin_argv(toolstack, r["domain"], r["vcpu"], *_affinities(r)) for r in can_be]
        connections.batch({host: pinning})
    still = _differing(journal, _listed(connections, host, toolstack)) if changed else []
    if still:
        named = ", ".join(
            f"VCPU {r['vcpu']} of {r['domain']} is not on {r['hard_affinity']} again" for r in still
        )
        raise VcperfError(f"{host}: {named}")
    return changed


def _listed(connections: Connections, host: str, toolstack: str) -> list[dict[str, Any]]:
    ((status, text),) = connections.batch({host: [xl.vcpu_list_argv(toolstack)]})[host]
    if status:
        raise VcperfError(f"{host}: {xl.fault(text)}")
    return xl.parse(text)


def _differing(journal: dict[str, Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The journal's VCPUs that are pinned otherwise now."""
    now = {(r["domain"], r["id"], r["vcpu"]): r for r in rows}
    found = []
    for was in journal["vcpus"]:
        row = now.get((was["domain"], was["id"], was["vcpu"]))
        if row is not None and _affinities(row) != _affinities(was):
            found.append(was)
    return found


def _affinities(row: dict[str, Any]) -> tuple[str, str | None]:
    return row["hard_affinity"], row["soft_affinity"]


def _path(host: str) -> str:
    name = "".join(c if c.isalnum() or c in "-_." else f"%{ord(c):02x}" for c in host)
    return f"{FOLDER}/{name}.json"


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as handle:
            journal = json.load(handle)
    except (OSError, ValueError):
        return None
    return journal if isinstance(journal, dict) and journal.get("format") == FORMAT else None
