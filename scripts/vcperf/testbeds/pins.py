"""Pins that a campaign changed, so that they can be put back.

Before a node's pins are changed for the first time, what they were is written to a
journal; it goes when they are as they were. So a killed campaign's pins are known to
the next run. Needs the standard library alone.
"""

from __future__ import annotations

import glob
import json
import os

from vcperf.errors import VcperfError
from vcperf.testbeds.ssh import Connections
from vcperf.tools import xl

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

FOLDER = "results/pins"
FORMAT = 1


def remember(
    host: str, toolstack: str, ssh_config: str | None, rows: Iterable[dict[str, Any]]
) -> None:
    """Note the pins of VCPUs that are about to be changed, those noted already aside.

    Args:
        host: ssh destination of the node.
        toolstack: xl or xm.
        ssh_config: configuration file for ssh, if not the user's own.
        rows: rows of `xl.parse`.
    """
    path = _path(host)
    journal = _read(path) or {
        "format": FORMAT,
        "ssh": host,
        "ssh_config": ssh_config,
        "toolstack": toolstack,
        "vcpus": [],
    }
    known = {(v["domain"], v["id"], v["vcpu"]) for v in journal["vcpus"]}
    added = [r for r in rows if (r["domain"], r["id"], r["vcpu"]) not in known]
    if added:
        journal["vcpus"] += added
        os.makedirs(FOLDER, exist_ok=True)
        partial = f"{path}.{os.getpid()}.partial"
        with open(partial, "w", encoding="utf-8") as handle:
            json.dump(journal, handle, indent=1)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(partial, path)


def left() -> list[str]:
    """The journals of nodes whose pins have not been put back."""
    return sorted(glob.glob(f"{glob.escape(FOLDER)}/*.json"))


def put_back(path: str) -> str:
    """Put a node's pins back and remove their journal.

    VCPUs of domains that are gone, or were made anew since, are left alone.

    Returns a line that says so, for the user. Raises VcperfError, the journal kept.
    """
    journal = _read(path)
    if journal is None:
        raise VcperfError(f"{path}: not a journal of pins; delete it")
    host, toolstack = journal["ssh"], journal["toolstack"]
    connections = Connections(journal["ssh_config"])
    try:
        faults = connections.open({host: True})
        if faults:
            raise VcperfError(faults[host])
        changed = _differing(journal, _listed(connections, host, toolstack))
        still = []
        if changed:
            pinning = [
                xl.pin_argv(toolstack, r["domain"], r["vcpu"], *_affinities(r)) for r in changed
            ]
            connections.batch({host: pinning})
            still = _differing(journal, _listed(connections, host, toolstack))
    finally:
        connections.close()
    if still:
        domain, vcpu = still[0]["domain"], still[0]["vcpu"]
        raise VcperfError(
            f"{host}: VCPU {vcpu} of {domain} is not on {still[0]['hard_affinity']} again"
        )
    os.unlink(path)
    return f"pins of {host} put back: {len(changed)} VCPUs"


def _listed(connections: Connections, host: str, toolstack: str) -> list[dict[str, Any]]:
    ((status, said),) = connections.batch({host: [xl.vcpu_list_argv(toolstack)]})[host]
    if status:
        raise VcperfError(f"{host}: {xl.fault(said)}")
    return xl.parse(said)


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
