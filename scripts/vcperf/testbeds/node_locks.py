"""One block at a time on a node, and on a link that nodes share, among the blocks of a campaign.

The campaign itself has the nodes' own locks, which keep others away (`vcperf.testbeds.ssh`).
Snakemake does not start two blocks that need one node; these locks hold it to that, also where two
names turn out to be one machine. Each is flock(2) on an empty file beside the campaign's
connections, which goes with its holder, however that ends.
"""

from __future__ import annotations

import hashlib
import os

from vcperf.basics.links import crossed
from vcperf.running import host_lock

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from vcperf.testbeds.ssh import Connections

LINKS = "links"  # in a block's context: link -> the nodes behind it


def take(
    connections: Connections, nodes: Mapping[str, Mapping[str, Any]], context: Mapping[str, Any]
) -> list[int]:
    """Take the nodes of a block of a campaign, and the links that it crosses; wait, and say for
    whom, while another block has one. A block that runs by itself takes none.

    Args:
        connections: open to all of its nodes.
        nodes: the spec's.
        context: see `vcperf.measure.block.main`.

    Returns the file descriptors that hold them. Raises SystemExit when it is stopped meanwhile.
    """
    if not connections.shared:
        return []
    wanted = {connections.machine(node["ssh"]): node["ssh"] for node in nodes.values()}
    links: Mapping[str, Collection[str]] = context.get(LINKS, {})
    wanted |= {f"link {link}": f"link {link}" for link in crossed(list(nodes), links)}
    held = []
    # Everyone in the same order: no two blocks wait for each other.
    for name in sorted(wanted):
        file = f"{connections.folder}/lock-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        held.append(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        host_lock.take(held[-1], f"measuring on {wanted[name]}")
    return held
