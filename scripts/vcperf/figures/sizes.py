"""The axis of message sizes: logarithmic, with labels that leave each other room."""

from __future__ import annotations

import math
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from vcperf.tables import columns

MOST_LABELS = 8
NARROWEST = 4.0  # the largest size that an axis has room for, in terms of the least
ZERO = 0.5  # where messages of no bytes are drawn, which a logarithm has no place for


def size_axis(axes: Axes, sizes: Iterable[float], most: int = MOST_LABELS) -> None:
    """Make the x axis one of message sizes.

    Args:
        axes: whose x axis it is.
        sizes: all that are drawn, bytes, in any order.
        most: labels that have room beside each other.
    """
    sizes = [max(ZERO, float(size)) for size in sizes]
    axes.set_xscale("log", base=2)
    if max(sizes) < NARROWEST * min(sizes):
        # Automatic limits would put the points of one size, drawn side by side, at both edges.
        middle, half = math.sqrt(min(sizes) * max(sizes)), math.sqrt(span(sizes))
        axes.set_xlim(middle / half, middle * half)
    axes.xaxis.set_major_locator(FixedLocator(labelled(sizes, most)))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda size, _: f"{size:.0f}" if size >= 1 else "0")
    )
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(columns.of("message_bytes").axis)


def span(sizes: Iterable[float]) -> float:
    """The largest size that an axis has, in terms of the least.

    >>> span([65536]), span([64, 1024])
    (4.0, 16.0)
    """
    places = [max(ZERO, float(size)) for size in sizes]
    return max(NARROWEST, max(places) / min(places))


def labelled(sizes: Iterable[float], most: int = MOST_LABELS) -> list[float]:
    """The sizes that get a label: the least, the largest, and between them those that are far
    enough from the label before and from the last.

    >>> labelled([1, 1024, 16384, 32768, 65536])
    [1.0, 1024.0, 16384.0, 65536.0]
    """
    places = sorted({max(ZERO, float(size)) for size in sizes})
    room = math.log2(places[-1] / places[0]) / most
    kept = places[:1]
    for place in places[1:-1]:
        if min(math.log2(place / kept[-1]), math.log2(places[-1] / place)) >= room:
            kept.append(place)
    return kept + places[1:][-1:]
