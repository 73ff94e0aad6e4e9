"""Intervals that leave their panel: drawn to its edge, with an arrow there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes

ARROWS = ("<", ">"), ("v", "^")  # at the lower and the upper edge; across, and upright


def across(
    axes: Axes, y: float, ends: tuple[float, float], edges: tuple[float, float], color: str
) -> None:
    """Draw a horizontal interval.

    Args:
        axes: where.
        y: at which height.
        ends: of the interval; one may be infinite. Nothing is drawn when one is NaN.
        edges: of the panel, in the unit of the interval.
        color: of line and arrows.
    """
    _draw(axes, y, ends, edges, color, upright=False)


def upright(
    axes: Axes, x: float, ends: tuple[float, float], edges: tuple[float, float], color: str
) -> None:
    """Draw a vertical interval; arguments as of `across`."""
    _draw(axes, x, ends, edges, color, upright=True)


def arrows(
    axes: Axes, places: Iterable[float], lows: Iterable[float], highs: Iterable[float], color: str
) -> None:
    """Mark where bands leave their panel, whose limits are set: arrows at its edges.

    Args:
        axes: where.
        places: on the x axis.
        lows, highs: the ends of the band there; NaN is no end.
        color: of the arrows.
    """
    bottom, top = axes.get_ylim()
    for x, low, high in zip(places, lows, highs, strict=True):
        for edge, arrow, gone in zip(
            (bottom, top), ARROWS[True], (low < bottom, high > top), strict=True
        ):
            if gone:
                axes.plot([x], [edge], arrow, color=color, markersize=5, clip_on=False)


def _draw(
    axes: Axes,
    at: float,
    ends: tuple[float, float],
    edges: tuple[float, float],
    color: str,
    *,
    upright: bool,
) -> None:
    if any(map(math.isnan, ends)):
        return
    inside = [min(max(end, edges[0]), edges[1]) for end in ends]

    def plot(values: list[float], style: str, **how: Any) -> None:
        same = [at] * len(values)
        pair = (same, values) if upright else (values, same)
        axes.plot(*pair, style, color=color, **how)

    plot(inside, "-", linewidth=1.5)
    leaves = ends[0] < edges[0], ends[1] > edges[1]
    for edge, arrow, gone in zip(edges, ARROWS[upright], leaves, strict=True):
        if gone:
            plot([edge], arrow, markersize=5, clip_on=False)
