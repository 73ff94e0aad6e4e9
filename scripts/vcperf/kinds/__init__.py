"""What can be measured: a module a kind lays out its cells. Pure.

The module of that name in vcperf.measure measures a block of it, the one in
vcperf.tables reads its records, and the section of that name in the configuration
asks for it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from vcperf.cell import Cell
from vcperf.layout import Layout

# kind -> the modules of vcperf.tools whose parsers its table uses.
TOOLS = {"netperf": ("netperf",), "bandwidth": ("pathload", "pathrate")}
NAMES = tuple(TOOLS)


def cells(kind: str, layout: Layout) -> Iterator[Cell]:
    """The cells that a configuration asks for; none when it has no section of the kind.

    Raises VcperfError naming file, key and fault.
    """
    if kind in layout.config:
        yield from importlib.import_module(f"vcperf.kinds.{kind}").cells(layout)
