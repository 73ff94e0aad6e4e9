"""What can be measured: a module a kind lays out its cells. Pure.

The module of that name in vcperf.measure measures a block of it, those in
vcperf.tables read its records, and the section of that name in the configuration
asks for it, or the one that SECTION names.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from vcperf.cell import Block, Cell
from vcperf.layout import Layout

NAMES = ("netperf", "bandwidth", "pingpong", "imb", "profile")
SECTION = {"imb": "pingpong"}
# kind -> its tables, modules of vcperf.tables; the first has each block's status.
TABLES = {
    "netperf": ("netperf",),
    "bandwidth": ("bandwidth",),
    "pingpong": ("pingpong", "ep"),
    "imb": ("imb",),
    "profile": ("profile_blocks", "profile", "profile_nodes"),
}
KIND_OF = {table: kind for kind, tables in TABLES.items() for table in tables}


def cells(kind: str, layout: Layout) -> Iterator[Cell]:
    """The cells that a configuration asks for; none when it has no section of the kind.

    Raises VcperfError naming file, key and fault.
    """
    if SECTION.get(kind, kind) in layout.config:
        yield from _module(kind).cells(layout)


def seconds(block: Block) -> float:
    """About how long a block takes."""
    took: float = _module(block.cell.kind).seconds(block.cell.spec)
    return took


def _module(kind: str) -> Any:
    return importlib.import_module(f"vcperf.kinds.{kind}")
