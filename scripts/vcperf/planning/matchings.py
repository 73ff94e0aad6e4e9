"""The order in which a mesh is measured: perfect matchings, so that no node waits. Pure.

Cells of one kind that differ in their path alone are a *mesh* when their paths join each node with
each other. A round of the campaign visits each pair once, in both directions. The circle method
(the schedule of a round-robin tournament) splits the n (n - 1) / 2 pairs of n nodes into n - 1
matchings of n / 2 pairs; with an odd n, into n with one node left out of each. Which nodes meet in
which matching is drawn again in each round, so that pairs do not always run beside the same
others.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from vcperf.planning.cell import Cell, Plan

T = TypeVar("T")
FEWEST = 3  # nodes; two are one pair
OF_PATH = ("path", "sender", "receiver")
Mesh = dict[frozenset[str], list[int]]
"""The two nodes of a pair -> its cells, by index: one for each direction."""


def meshes(cells: Sequence[Cell]) -> list[Mesh]:
    """The meshes among some cells, on hosts of their own."""
    groups: dict[tuple[object, ...], Mesh] = defaultdict(lambda: defaultdict(list))
    for index, cell in enumerate(cells):
        if "path" in cell.labels and "ends" in cell.spec and len(cell.spec["nodes"]) == 2:
            groups[group_of(cell)][frozenset(cell.spec["nodes"])].append(index)
    return [dict(mesh) for mesh in groups.values() if _is_whole(mesh)]


def group_of(cell: Cell) -> tuple[object, ...]:
    """What cells of one mesh have in common: all labels but those of the path."""
    others = sorted((k, str(v)) for k, v in cell.labels.items() if k not in OF_PATH)
    return (cell.spec["testbed"], cell.kind, *others)


def labels_of(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Kind -> what names the blocks of each of its meshes in tables: column -> value."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    firsts = (plan.cells[next(iter(mesh.values()))[0]] for mesh in meshes(plan.cells))
    for cell in plan.cells if plan.mesh else firsts:
        labels = {name: value for name, value in cell.labels.items() if name not in OF_PATH}
        found[cell.kind].append({"testbed": cell.spec["testbed"], **labels})
    return dict(found)


def _is_whole(mesh: Mesh) -> bool:
    count = len(frozenset[str]().union(*mesh))
    return count >= FEWEST and len(mesh) == count * (count - 1) // 2


def turns(mesh: Mesh, chance: random.Random) -> Iterator[list[int]]:
    """The matchings of a mesh, each as its cells: of each pair one direction, then the other.

    Args:
        mesh: one of `meshes`.
        chance: decides which nodes meet when, the order of the matchings, and of directions.
    """
    nodes = sorted(frozenset[str]().union(*mesh))
    chance.shuffle(nodes)
    matchings = list(circle(nodes))
    chance.shuffle(matchings)
    for matching in matchings:
        pairs = [list(mesh[pair]) for pair in matching]
        for directions in pairs:
            chance.shuffle(directions)
        longest = max(map(len, pairs))
        yield [pair[turn] for turn in range(longest) for pair in pairs if turn < len(pair)]


def circle(names: Sequence[str]) -> Iterator[list[frozenset[str]]]:
    """The matchings of a round-robin tournament.

    >>> [sorted("".join(sorted(pair)) for pair in one) for one in circle("abcd")]
    [['ad', 'bc'], ['ac', 'bd'], ['ab', 'cd']]
    """
    for number in range(len(names) - 1 + len(names) % 2):
        yield [frozenset(pair) for pair in matching(names, number)]


def matching(names: Sequence[T], number: int) -> list[tuple[T, T]]:
    """One of the matchings of a round-robin tournament by the circle method: the first stays, the
    others go round. (E. Lucas, Recreations mathematiques II, 1883, from Walecki.)

    Args:
        names: what is matched, none of it None. Of an odd number of them one is left out.
        number: from 0 to the number of names less 1, less 2 where it is even.
    """
    absent: list[T | None] = [None] if len(names) % 2 else []
    every: list[T | None] = [*names, *absent]
    first, others = every[0], every[1:]
    ring = [first, *others[len(others) - number :], *others[: len(others) - number]]
    half = len(ring) // 2
    faced = zip(ring[:half], reversed(ring[half:]), strict=True)
    return [(a, b) for a, b in faced if a is not None and b is not None]
