"""A flame graph: call stacks as bars, each as wide as its samples, outermost at the bottom.

A static SVG of its own, without scripts: a frame's tooltip is its <title>. After Gregg, The
Flame Graph, ACM Queue 14(2), 2016.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from xml.sax.saxutils import escape

from vcperf.errors import VcperfError
from vcperf.tables.profile import LEAST_SAMPLES

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


def tree(folded: Iterable[str]) -> Frame:
    """The frames of folded lines, `outermost;...;leaf samples`, below a root named all.

    Raises VcperfError on a line that is not one, or when there are no samples.
    """
    root = Frame("all")
    for number, line in enumerate(folded, start=1):
        if not line.strip():
            continue
        stack, _, samples = line.rstrip().rpartition(" ")
        if not stack or not (samples.isascii() and samples.isdigit()):
            raise VcperfError(f"folded stacks, line {number}: expected `stack samples`: {line!r}")
        frame = root
        frame.samples += int(samples)
        for name in stack.split(";"):
            frame = frame.calls.setdefault(name, Frame(name))
            frame.samples += int(samples)
    if not root.samples:
        raise VcperfError("folded stacks: no samples in them; nothing to draw")
    return root


def draw(folded: Iterable[str], title: str, subtitle: str = "") -> str:
    """The SVG text.

    Args:
        folded: lines of vcperf.tools.perf_stacks.
        title, subtitle: stand above the graph.

    Raises VcperfError as tree does.
    """
    root = tree(folded)
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
    note += "; too few samples to tell shares by" if root.samples < LEAST_SAMPLES else ""
    parts.append(f'<text x="{MARGIN}" y="{height - 8}" fill="#444444">{note}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _box(frame: Frame, x: float, y: float, scale: float, total: int) -> str:
    width = frame.samples * scale
    percent = 100 * frame.samples / total
    told = f"{_text(frame.name)} ({frame.samples} samples, {percent:.2f} %)"
    box = (
        f"<g><title>{told}</title>"
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
