"""Factor matrices: one module per kind lays out its cells. Pure."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from vcperf import kinds
from vcperf.planning.cell import Block, Cell
from vcperf.planning.layout import Layout


def cells(kind: str, layout: Layout) -> Iterator[Cell]:
    """The cells that a configuration asks for; none when it has no section of the kind.

    Raises VcperfError naming file, key and fault.
    """
    if kinds.CARDS[kind].section in layout.config:
        yield from _module(kind).cells(layout)


def seconds(block: Block) -> float:
    """About how long a block takes, in seconds."""
    took: float = _module(block.cell.kind).seconds(block.cell.spec)
    return took


def _module(kind: str) -> Any:
    return importlib.import_module(f"vcperf.planning.matrix.{kind}")
