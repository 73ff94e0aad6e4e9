"""Where cells have their records already: where they were measured under other names.

A record's path holds names of stacks, points, nodes and domains, to be readable. They decide
nothing. So after one was changed, a cell without records takes a folder whose records are of the
same spec but for names, if no cell of the campaign has that folder by its own name. Records stay
where they are, and what is measured later joins them there.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Sequence

from vcperf.basics.results import on_disk
from vcperf.errors import VcperfError
from vcperf.planning.cell import Cell
from vcperf.records import record
from vcperf.records.key import nameless_key

Pool = dict[str, list[str]]
"""Key without names -> folders that are free, in the order of their names."""


def settled(cells: Sequence[Cell]) -> list[Cell]:
    """Cells, each with the folder that it has or takes."""
    own = {cell.name for cell in cells}
    pools: dict[str, Pool] = {}
    homes: dict[str, str] = {}
    for cell in cells:
        if cell.name in homes or _records(f"{cell.folder}/{cell.name}"):
            continue
        if cell.folder not in pools:
            pools[cell.folder] = _pool(cell.folder, own)
        free = pools[cell.folder].get(nameless_key(cell.spec)) if pools[cell.folder] else None
        homes[cell.name] = free.pop(0) if free else ""
    return [dataclasses.replace(cell, home=homes.get(cell.name, "")) for cell in cells]


def _pool(folder: str, own: Collection[str]) -> Pool:
    """The cells below a folder that have records, those aside that a campaign has itself."""
    pool: Pool = {}
    for name in _names(folder):
        key = "" if name in own else _key(f"{folder}/{name}")
        if key:
            pool.setdefault(key, []).append(name)
    return pool


def _key(folder: str) -> str:
    """The key without names of a cell's records; empty where there are none of ours."""
    for name in _records(folder):
        try:
            return nameless_key(record.read(on_disk(f"{folder}/{name}"))["spec"])
        except (VcperfError, LookupError, TypeError, AttributeError):
            continue  # damaged: to name it is a matter of the cell that wants it
    return ""


def _records(folder: str) -> list[str]:
    return [name for name in _names(folder) if name.endswith(".json")]


def _names(folder: str) -> list[str]:
    """What is in a folder; nothing where there is none."""
    try:
        return sorted(os.listdir(on_disk(folder)))
    except (FileNotFoundError, NotADirectoryError):
        return []
