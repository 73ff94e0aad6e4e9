"""Which blocks may be measured at the same time, and how long a campaign then takes. Pure.

A block *holds* its nodes, and the links that several nodes share and that it crosses. Blocks that
hold one thing in common are never measured at the same time.

Blocks come in *turns*: a round of the campaign, or a matching of a mesh. A turn begins when each
block of the one before it has begun, and those further back have ended. So the blocks of a cell
stay spread over the whole campaign, although cells whose nodes are less wanted than others could be
done with all of theirs early.
"""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from vcperf.basics.links import crossed

ALL_CORES = frozenset({"this machine"})
"""What a block holds whose nodes are parts of this machine."""


class Unit(NamedTuple):
    """What is started at once: a block, or several.

    Args:
        turn, order: of its (first) block, see `vcperf.planning.cell.Block`.
        holds: what it holds.
        what: itself.
    """

    turn: int
    order: int
    holds: frozenset[str]
    what: Any


def held(nodes: Iterable[str], links: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The names of what a measurement holds, as Snakemake's resources have them.

    Args:
        nodes: the nodes that it uses.
        links: link -> the nodes behind it, of the testbed file.

    Two names that differ in signs alone are held as one: then they merely are not side by side.

    >>> sorted(held(["a-1", "b"], {"rack": ["a-1", "c"], "other": ["a-1", "b"]}))
    ['link_rack', 'node_a_1', 'node_b']
    """
    nodes = list(nodes)
    names = [f"node_{node}" for node in nodes]
    names += [f"link_{link}" for link in crossed(nodes, links)]
    return frozenset(re.sub(r"\W", "_", name) for name in names)


def startable(waiting: Iterable[Unit], running: Iterable[Unit]) -> list[Unit]:
    """The units that may start now, the most urgent first.

    Args:
        waiting: those that are ready.
        running: those that have started and not ended.
    """
    turns: dict[int, list[Unit]] = defaultdict(list)
    for unit in waiting:
        turns[unit.turn].append(unit)
    under_way: set[int] = set()
    busy: set[str] = set()
    for unit in running:
        under_way.add(unit.turn)
        busy |= unit.holds
    chosen: list[Unit] = []
    while turns and len(under_way - {turn := min(turns)}) < 2:
        kept_waiting = False
        for unit in sorted(turns.pop(turn), key=lambda unit: unit.order):
            if busy.isdisjoint(unit.holds):
                busy |= unit.holds
                chosen.append(unit)
            else:
                kept_waiting = True
        if kept_waiting:
            break
        under_way.add(turn)
    return chosen


def takes(
    units: Iterable[Unit], seconds: Callable[[Unit], float], width: int | None
) -> tuple[float, int]:
    """How long units take when they are started as `startable` says.

    Args:
        units: all of them.
        seconds: how long one takes by itself.
        width: how many run at once at most; None for no limit.

    Returns the seconds until the last has ended, and how many ran at once at most.
    """
    turns: dict[int, list[Unit]] = defaultdict(list)
    for unit in units:
        turns[unit.turn].append(unit)
    ahead = sorted(turns, reverse=True)
    waiting: list[Unit] = []  # of the two turns that may begin at most
    running: dict[int, Unit] = {}
    ends: list[tuple[float, int]] = []
    now, widest = 0.0, 0
    while waiting or ahead or ends:
        while ahead and len({unit.turn for unit in waiting}) < 2:
            waiting += turns[ahead.pop()]
        free = None if width is None else width - len(running)
        started = startable(waiting, running.values())[:free]
        gone = {unit.order for unit in started}
        for unit in started:
            running[unit.order] = unit
            heapq.heappush(ends, (now + seconds(unit), unit.order))
        waiting = [unit for unit in waiting if unit.order not in gone]
        widest = max(widest, len(running))
        now, order = heapq.heappop(ends)
        del running[order]
    return now, widest
