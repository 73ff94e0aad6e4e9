"""Native against virtual: the ratio to the baseline against the message size."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from vcperf.figures import ends, plateau
from vcperf.figures.sizes import size_axis, span
from vcperf.figures.style import (
    MARKERS,
    PALETTE,
    RC,
    SUBTITLE,
    of_cpus,
    several,
    several_names,
    together,
    why_hollow,
)

PANEL = ["testbed", "path", "test", "streams", "load"]
COLUMNS = 3  # of panels
LABELS = 4  # of sizes, below a panel
ASIDE = 0.03  # of the axis, between the points of two curves at one size
CROWDED = 0.6  # of the room between two sizes, what all their points take at most
FARTHEST = 2.5  # ratios: an interval up to here, in terms of the largest ratio, has room
CHARACTERS = 17  # of the subtitle, an inch
WIDE = 5  # a range of ratios that needs a logarithmic axis


def draw(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the ratios of means with their 95 % intervals.

    Args:
        tables: overhead.

    Returns a figure with one panel per path and test, one curve per pinning, and a line at 1, the
    baseline; cells that are unstable on either testbed are hollow, those that meet the link
    between their nodes are marked, and intervals that leave the panel end in arrows. Says so when
    nothing was measured on both the baseline and another testbed.
    """
    with rc_context(RC):
        table = tables["overhead"]
        rows = table[table["ratio"].notna()]
        panels = [panel for _, panel in rows.groupby(PANEL, sort=False)]
        wide, high = min(len(panels), COLUMNS) or 1, -(-len(panels) // COLUMNS) or 1
        drawing = Figure(figsize=(max(7.2, 3.6 * wide), 1 + 3.6 * high), layout="constrained")
        drawing.text(0.01, 0.99, "Native against virtual", va="top", fontsize=12, weight="bold")
        # What is written above the subtitle keeps the room of two lines of it.
        subtitle = textwrap.fill(_subtitle(rows), int(CHARACTERS * drawing.get_figwidth()))
        drawing.suptitle(f"\n\n{subtitle}", x=0.01, ha="left", **SUBTITLE)
        grid = drawing.subplots(high, wide, squeeze=False, sharey=True)
        pinnings = list(rows["pinning"].unique())
        if panels:
            _scale(grid[0, 0], rows)
        for axes, panel in zip(grid.flat, panels, strict=False):
            _panel(axes, panel, pinnings)
        for axes in list(grid.flat)[len(panels) :]:
            axes.set_axis_off()
        if panels:
            baseline = rows["baseline"].iloc[0]
            for axes in grid[:, 0]:
                axes.set_ylabel(f"Ratio to {baseline}")
            _legend(drawing, grid.flat)
        else:
            text = "Nothing was measured both on the baseline and on another testbed."
            grid[0, 0].text(0.02, 0.95, text, va="top", color="#444")
    return drawing


def _panel(axes: Axes, panel: pd.DataFrame, pinnings: Sequence[str]) -> None:
    baseline = panel["baseline"].iloc[0]
    sizes = panel["message_bytes"].unique()
    size_axis(axes, sizes, LABELS)
    aside = span(sizes) ** min(ASIDE, CROWDED / (len(sizes) * len(pinnings)))
    axes.axhline(1, color="#444444", linewidth=1, linestyle="--", label=f"{baseline}: 1")
    for index, pinning in enumerate(pinnings):
        cells = panel[panel["pinning"] == pinning].sort_values("message_bytes")
        if not len(cells):
            continue
        color, marker = PALETTE[index % len(PALETTE)], MARKERS[index % len(MARKERS)]
        size = cells["message_bytes"] * aside ** (index - (len(pinnings) - 1) / 2)
        ratio = cells["ratio"]
        axes.plot(size, ratio, color=color, label=pinning, marker=marker)
        for x, low, high in zip(size, cells["ratio_low"], cells["ratio_high"], strict=True):
            ends.upright(axes, x, (low, high), axes.get_ylim(), color)
        plateau.draw_marks(axes, size, ratio, plateau.met(cells))
        unstable = (cells["unstable"] == "yes").to_numpy()
        if unstable.any():
            axes.plot(
                size[unstable],
                ratio[unstable],
                linestyle="",
                marker=marker,
                color=color,
                markerfacecolor="white",
                zorder=3,
            )
    if plateau.met(panel).any():
        plateau.legend(axes, "meets the link: a bound")
    first = panel.iloc[0]
    also = "".join(f", {part}" for part in together(panel))
    axes.set_title(f"{first['path']}, {first['test']}{also} ({first['testbed']})", fontsize=9)


def _legend(drawing: Figure, panels: Iterable[Axes]) -> None:
    """One for all panels, each curve once."""
    named: dict[str, Artist] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
    drawing.legend(list(named.values()), list(named), loc="outside lower left", ncols=5, fontsize=9)


def _scale(axes: Axes, rows: pd.DataFrame) -> None:
    """One scale for all panels, with room for intervals; one that is far wider than the ratios
    ends in an arrow."""
    low, high = min(1.0, rows["ratio"].min()), max(1.0, rows["ratio"].max())
    # A single block has no interval.
    farthest = min(FARTHEST * high, rows["ratio_high"].fillna(rows["ratio"]).max())
    if high > WIDE * low:
        nearest = max(low / FARTHEST, rows["ratio_low"].fillna(rows["ratio"]).min())
        axes.set_yscale("log")
        axes.set_ylim(min(low / 2, nearest / 1.2), max(high * 2, farthest * 1.2))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axes.set_ylim(0, max(1.25 * high, 1.05 * farthest))


def _subtitle(rows: pd.DataFrame) -> str:
    """What was compared with what, and what an error bar is."""
    if not len(rows):
        return "nothing measured"
    parts = []
    for one in (
        rows[["platform", "testbed", "baseline_platform", "baseline"]]
        .drop_duplicates()
        .itertuples()
    ):
        parts.append(
            f"{one.platform} ({one.testbed}) against {one.baseline_platform} ({one.baseline})"
        )
    parts += of_cpus(rows)
    differ = sorted({name for names in rows["settings_differ"].dropna() for name in names.split()})
    if differ:
        parts.append(f"settings differ: {several_names(differ)}")
    counts = rows[["blocks", "baseline_blocks"]].to_numpy()
    parts.append(f"ratio of means and its 95 % interval, {several(counts.min(), counts.max())}")
    return "; ".join([*parts, *why_hollow(rows)])
