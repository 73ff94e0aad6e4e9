"""Intervals that leave their panel: drawn to its edge, with an arrow and the end's number there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

ARROWS = ("<", ">"), ("v", "^")  # at the lower and the upper edge; across, and upright
SMALL = 6.5  # points of a number
# Of a number from its arrow, in points: clear of the interval's own line.
ASIDE = ((8, 2, "left"), (-8, 2, "right")), ((3, 4, "bottom"), (3, -4, "top"))


def across(
    axes: Axes,
    y: float,
    ends: tuple[float, float],
    edges: tuple[float, float],
    color: str,
    form: str = "{:+.0f} %",
) -> None:
    """Draw a horizontal interval.

    Args:
        axes: where.
        y: at which height.
        ends: of the interval; one may be infinite, and then has no number. Nothing is drawn when
            one is NaN.
        edges: of the panel, in the unit of the interval.
        color: of line, arrows and numbers.
        form: of the number of an end beyond an edge; empty: as short as it is plain.
    """
    _draw(axes, y, ends, edges, color, form, upright=False)


def upright(
    axes: Axes,
    x: float,
    ends: tuple[float, float],
    edges: tuple[float, float],
    color: str,
    form: str = "",
) -> None:
    """Draw a vertical interval; arguments as of `across`."""
    _draw(axes, x, ends, edges, color, form, upright=True)


@dataclass(frozen=True)
class Band:
    """The intervals of a curve.

    Args:
        places: on the x axis.
        lows, highs: the ends there; NaN is no end.
        color: of the curve.
        number: of the curve in its panel, from 0: its numbers are beside those of the others.
    """

    places: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    color: str
    number: int

    def draw(self, axes: Axes, least: float) -> None:
        """Shade it.

        Args:
            axes: where.
            least: lower ends are drawn no lower; above 0 where the axis is logarithmic.
        """
        low = [max(low, least) for low in self.lows]
        if len(low) == 1:  # an area of no width would not be seen
            axes.vlines(self.places, low, self.highs, color=self.color, linewidth=1.5)
        else:
            axes.fill_between(
                self.places, low, self.highs, color=self.color, alpha=0.15, linewidth=0
            )

    def mark_ends(self, axes: Axes) -> None:
        """Mark where it leaves its panel, whose limits are set: arrows at the edges."""
        edges = axes.get_ylim()
        for x, low, high in zip(self.places, self.lows, self.highs, strict=True):
            _leave(axes, x, (low, high), edges, self.color, upright=True, number=self.number)


def _draw(
    axes: Axes,
    at: float,
    ends: tuple[float, float],
    edges: tuple[float, float],
    color: str,
    form: str,
    *,
    upright: bool,
) -> None:
    if any(map(math.isnan, ends)):
        return
    inside = [min(max(end, edges[0]), edges[1]) for end in ends]
    same = [at] * len(inside)
    pair = (same, inside) if upright else (inside, same)
    axes.plot(*pair, "-", color=color, linewidth=1.5)
    _leave(axes, at, ends, edges, color, form, upright=upright)


def _leave(
    axes: Axes,
    at: float,
    ends: tuple[float, float],
    edges: tuple[float, float],
    color: str,
    form: str = "",
    *,
    upright: bool,
    number: int = 0,
) -> None:
    """An arrow with its number at each edge that an interval leaves."""
    leaves = ends[0] < edges[0], ends[1] > edges[1]
    for side, (end, edge, gone) in enumerate(zip(ends, edges, leaves, strict=True)):
        if not gone:
            continue
        place = (at, edge) if upright else (edge, at)
        axes.plot(
            *([one] for one in place),
            ARROWS[upright][side],
            color=color,
            markersize=5,
            clip_on=False,
        )
        if math.isfinite(end):
            text = (form or ("{:.3g}" if abs(end) < 1000 else "{:.0f}")).format(end)
            _number(axes, text, place, side, color, upright=upright, number=number)


def _number(
    axes: Axes,
    text: str,
    place: tuple[float, float],
    side: int,
    color: str,
    *,
    upright: bool,
    number: int,
) -> None:
    x, y, aligned = ASIDE[upright][side]
    how: Any = {"ha": aligned, "va": "bottom"}
    if upright:
        how = {"ha": "left", "va": aligned, "rotation": 90}
    axes.annotate(
        text,
        place,
        xytext=(x + number * 1.2 * SMALL, y),
        textcoords="offset points",
        fontsize=SMALL,
        color=color,
        zorder=5,
        **how,
    )
