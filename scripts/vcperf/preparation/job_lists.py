"""Divides missing blocks among jobs of a batch system."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from typing import Any

from vcperf.basics.digest import canonical
from vcperf.planning import matrix
from vcperf.planning.cell import Block

START_MINUTES = 5.0  # of a job's time, beside twice that of its blocks


def hosts_of(block: Block) -> tuple[str, ...]:
    """The nodes that a block measures on, as the batch system may call them: the host of each
    ssh destination; none for a testbed on the machine that measures.

    >>> host_name("root@vc00"), host_name("vc00")
    ('vc00', 'vc00')
    """
    nodes = block.cell.spec["nodes"].values()
    return tuple(dict.fromkeys(host_name(node["ssh"]) for node in nodes if "ssh" in node))


def host_name(destination: str) -> str:
    """The host of an ssh destination."""
    return destination.rpartition("@")[2]


def lists(
    missing: Iterable[Block], size: int, names: Sequence[str], context: str
) -> dict[str, dict[str, Any]]:
    """The jobs for some blocks: name -> what the job must know, as JSON can hold it.

    Args:
        missing: the blocks.
        size: how many a job measures at most.
        names: the nodes for a testbed on the machine that measures: the jobs take them in turn.
        context: VCPERF_CONTEXT.

    Blocks keep the campaign's shuffled order, so that each job has some of all cells. Those that
    need the same hosts share jobs; jobs for other hosts can run at the same time.
    """
    groups: dict[tuple[str, ...], list[Block]] = {}
    for block in sorted(missing, key=lambda block: block.order):
        groups.setdefault(hosts_of(block), []).append(block)
    found: dict[str, dict[str, Any]] = {}
    for hosts, blocks in groups.items():
        for number, first in enumerate(range(0, len(blocks), size)):
            on = list(hosts) or [names[number % len(names)]]
            content = _content(blocks[first : first + size], on, context)
            digest = hashlib.sha256(canonical(content).encode()).hexdigest()
            found[f"{len(found) + 1:04}-{digest[:12]}"] = content
    return found


def _content(blocks: Sequence[Block], hosts: list[str], context: str) -> dict[str, Any]:
    seconds = sum(map(matrix.seconds, blocks))
    return {
        "hosts": ",".join(hosts),
        "nodes": len(hosts),
        "slurm_extra": f"--exclusive --nodelist={','.join(hosts)}",
        "minutes": math.ceil(START_MINUTES + 2 * seconds / 60),
        "context": context,
        "blocks": list(map(described, blocks)),
    }


def described(block: Block) -> dict[str, Any]:
    """What whoever measures a block must know of it, as JSON can hold it."""
    return {
        "testbed": block.cell.spec["testbed"],
        "kind": block.cell.kind,
        "cell": block.cell.name,
        "number": block.number,
        "record": block.record,
        "spec": block.spec_json,
    }
