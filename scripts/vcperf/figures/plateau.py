"""The link's rate in figures: cells that meet it say nothing of the hosts."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from vcperf.analysis.link import payload_share

COLOUR = "#777777"


def met(cells: pd.DataFrame) -> pd.Series:
    """Which cells meet the link between their nodes."""
    column = cells["meets_link"] if "meets_link" in cells else pd.Series("", index=cells.index)
    found: pd.Series = column == "yes"
    return found


def draw_line(axes: Axes, cells: pd.DataFrame) -> None:
    """Draw what each link that a cell meets can carry of payload, as a thin line with its name.

    Args:
        axes: where throughput is drawn, in 10^6 bit/s.
        cells: those that are drawn, with the columns of `vcperf.analysis.link.mark`.
    """
    chosen = cells[met(cells)].sort_values("message_bytes", ascending=False)
    for rate, of_link in chosen.groupby("link_mbps"):
        first = of_link.iloc[0]
        height = float(str(rate)) * payload_share(str(first["test"]), int(first["message_bytes"]))
        label = f"payload of a link of {float(str(rate)):g} Mbit/s"
        axes.axhline(height, color=COLOUR, linestyle="-.", linewidth=1, zorder=1, label=label)


def draw_marks(axes: Axes, sizes: pd.Series, heights: pd.Series, chosen: pd.Series) -> None:
    """Mark points of cells that meet the link.

    Args:
        axes: where.
        sizes, heights: the points.
        chosen: which of them, as `met` says it.
    """
    if not chosen.any():
        return
    axes.plot(
        sizes[chosen],
        heights[chosen],
        linestyle="",
        marker="_",
        markersize=16,
        markeredgewidth=1.5,
        color=COLOUR,
        zorder=4,
    )


def legend(axes: Axes, words: str) -> None:
    """Add what the marks mean to the legend."""
    axes.plot([], [], "_", markersize=14, markeredgewidth=1.5, color=COLOUR, label=words)
