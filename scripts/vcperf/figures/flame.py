"""A flame graph: call stacks as bars, each as wide as its samples, outermost at the bottom.

A static SVG of its own, without scripts: a frame's tooltip is its <title>. After Gregg, The
Flame Graph, ACM Queue 14(2), 2016.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd

from vcperf.analysis.profile_tables import CELL, select
from vcperf.errors import VcperfError
from vcperf.tables.columns import LEAST_SAMPLES

Tables = Mapping[str, pd.DataFrame]

WIDTH = 1200
MARGIN = 12
ROW = 17
HEADER = 44
FOOTER = 24
FONT = 11
CHARACTER = 6.7  # of an 11-pixel monospace font
LEAST_CHARACTERS = 3
LEAST_WIDTH = 0.1  # narrower frames could not be seen
# What XML 1.0 cannot hold, escaped or not.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Frame:
    """A function as called by those below it: its samples and what it calls."""

    def __init__(self, name: str) -> None:
        self.name, self.samples = name, 0
        self.calls: dict[str, Frame] = {}

    def depth(self) -> int:
        """Rows that it and what stands on it take."""
        deepest, level = 0, [self]
        while level:
            deepest += 1
            level = [call for frame in level for call in frame.calls.values()]
        return deepest


def draw(tables: Tables, labels: Mapping[str, Any], title: str) -> dict[str, str]:
    """The flame graph of a cell, its blocks added up: as SVG, and folded for other programs.

    Args:
        tables: profile_stacks and profile_blocks.
        labels: of the cell: column -> value, testbed included.
        title: stands above the graph.

    Raises VcperfError when the cell has no samples with a call stack.
    """
    stacks = folded(tables, labels)
    return {
        "svg": svg(stacks, title, _subtitle(tables, labels)),
        "folded": "".join(f"{stack} {samples}\n" for stack, samples in stacks.items()),
    }


def folded(tables: Tables, labels: Mapping[str, Any]) -> dict[str, int]:
    """The samples of a cell by folded call stack, sorted; see `draw`."""
    stacks = _of_cell(tables["profile_stacks"], labels)
    counted = stacks.groupby("call_stack")["samples"].sum()  # without those that have no stack
    return dict(sorted((str(stack), int(samples)) for stack, samples in counted.items()))


def _of_cell(table: pd.DataFrame, labels: Mapping[str, Any]) -> pd.DataFrame:
    return select(table, {column: labels.get(column) for column in CELL})


def _subtitle(tables: Tables, labels: Mapping[str, Any]) -> str:
    """What was counted, where, how often, and the samples that are not drawn."""
    stacks, blocks = (_of_cell(tables[f"profile_{name}"], labels) for name in ("stacks", "blocks"))
    event, asked = (", ".join(sorted(set(blocks[column]))) for column in ("event", "event_asked"))
    subtitle = event if event == asked else f"{event} in place of {asked}"
    subtitle += f"; {blocks['platform'].iloc[0]} ({labels['testbed']}); {len(blocks)} blocks"
    left_out = stacks["samples"][stacks["call_stack"].isna()].sum()
    return subtitle + (f"; {left_out} samples of rare stacks left out" if left_out else "")


def tree(stacks: Mapping[str, int]) -> Frame:
    """The frames of samples by folded call stack, `outermost;...;leaf`, below a root named all.

    Raises VcperfError when there are no samples.
    """
    root = Frame("all")
    for stack, samples in stacks.items():
        frame = root
        frame.samples += samples
        for name in stack.split(";"):
            frame = frame.calls.setdefault(name, Frame(name))
            frame.samples += samples
    if not root.samples:
        raise VcperfError("flame graph: no samples with a call stack; nothing to draw")
    return root


def svg(stacks: Mapping[str, int], title: str, subtitle: str = "") -> str:
    """The SVG text.

    Args:
        stacks: samples by folded call stack (vcperf.tools.perf_stacks).
        title, subtitle: stand above the graph.

    Raises VcperfError as tree does.
    """
    root = tree(stacks)
    height = HEADER + root.depth() * ROW + FOOTER
    scale = (WIDTH - 2 * MARGIN) / root.samples
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" font-family="DejaVu Sans Mono, monospace"'
        f' font-size="{FONT}">',
        f"<title>{_text(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{MARGIN}" y="20" font-size="15" font-weight="bold">{_text(title)}</text>',
        f'<text x="{MARGIN}" y="36" fill="#444444">{_text(subtitle)}</text>',
    ]
    hidden = 0
    todo = [(root, float(MARGIN), height - FOOTER - ROW)]
    while todo:
        frame, x, y = todo.pop()
        parts.append(_box(frame, x, y, scale, root.samples))
        for call in sorted(frame.calls.values(), key=lambda call: call.name):
            if call.samples * scale < LEAST_WIDTH:
                hidden += 1
            else:
                todo.append((call, x, y - ROW))
            x += call.samples * scale
    note = f"{root.samples} samples" + (f"; {hidden} frames too narrow to draw" if hidden else "")
    note += "; too few samples for reliable shares" if root.samples < LEAST_SAMPLES else ""
    parts.append(f'<text x="{MARGIN}" y="{height - 8}" fill="#444444">{note}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _box(frame: Frame, x: float, y: float, scale: float, total: int) -> str:
    width = frame.samples * scale
    percent = 100 * frame.samples / total
    tooltip = f"{_text(frame.name)} ({frame.samples} samples, {percent:.2f} %)"
    box = (
        f"<g><title>{tooltip}</title>"
        f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{ROW - 1}"'
        f' fill="{_colour(frame.name)}"/>'
    )
    label = _label(frame.name, width)
    if label:
        box += f'<text x="{x + 3:.2f}" y="{y + 12}">{_text(label)}</text>'
    return box + "</g>"


def _label(name: str, width: float) -> str:
    """As much of a name as fits into a frame; nothing when that says nothing."""
    room = int((width - 6) / CHARACTER)
    if len(name) <= room:
        return name
    return name[: room - 2] + ".." if room >= LEAST_CHARACTERS + 2 else ""


def _colour(name: str) -> str:
    """Light and warm, the same for a name in every graph."""
    mix = zlib.crc32(name.encode("utf-8", errors="replace"))
    return f"#{235 + mix % 20:02x}{130 + (mix >> 8) % 100:02x}{70 + (mix >> 16) % 50:02x}"


def _text(text: str) -> str:
    return escape(_NO_XML.sub("\ufffd", text), {'"': "&quot;"})
