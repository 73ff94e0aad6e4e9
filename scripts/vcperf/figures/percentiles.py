"""Percentiles of the latency of transactions: one panel per path, a curve per pinning and load."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from vcperf.figures import ends
from vcperf.figures.curves import ESTIMATES, medians
from vcperf.figures.style import (
    HANDLERS,
    MARKERS,
    PALETTE,
    RC,
    SUBTITLE,
    hollow_marks,
    ran_on,
    several,
    why_hollow,
)
from vcperf.kinds.netperf import LATENCIES, USUAL
from vcperf.tables import columns

PANEL = ["testbed", "path", "test", "message_bytes"]
ACROSS = 3  # panels
NAMES = ("P50", "P90", "P99", "max")  # of LATENCIES
WIDTH = 0.5  # of the place of one percentile that its points take
ROOM = 1.6  # above the highest mean, and below the least one
FARTHEST = 5.0  # an interval up to here, in terms of the highest mean, has room
CHARACTERS = 17  # of the subtitle, an inch
LINES: tuple[Any, ...] = ("-", "--", ":")  # of the loads, as far as there are any


def draw(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw netperf_summary: of each percentile of a block, mean and 95 % interval over the blocks.

    Returns a figure with one panel per testbed, path, test and message size; a colour per pinning;
    and a dashed curve for what is measured beside a load. Unstable cells are hollow, and told by
    their median where the summary has an interval of it. An interval that is far wider than the
    means ends in an arrow; none goes below 0.
    """
    summary = tables["netperf_summary"]
    cells = summary[summary[f"{LATENCIES[0]}_mean"].notna()]
    panels = [panel for _, panel in cells.groupby(PANEL, sort=False)]
    pinnings, loads = (list(dict.fromkeys(cells[name])) for name in ("pinning", "load"))
    loads.sort(key=lambda load: load != USUAL["load"])
    with rc_context(RC):
        wide, high = min(len(panels), ACROSS) or 1, -(-len(panels) // ACROSS) or 1
        drawing = Figure(figsize=(max(7.2, 3.6 * wide), 1.4 + 3.2 * high), layout="constrained")
        title = "How long transactions take"
        drawing.text(0.01, 0.99, title, va="top", fontsize=12, weight="bold")
        subtitle = textwrap.fill(_subtitle(cells), int(CHARACTERS * drawing.get_figwidth()))
        drawing.suptitle(f"\n\n{subtitle}", x=0.01, ha="left", **SUBTITLE)
        grid = drawing.subplots(high, wide, squeeze=False, sharey=True)
        if panels:
            _scale(grid[0, 0], cells)
            grid[0, 0].set_ylabel(columns.of("latency_us").axis)
        else:
            text = "No test was asked for percentiles (netperf.percentiles)."
            grid[0, 0].text(0.02, 0.95, text, va="top", color="#444")
        for axes, panel in zip(grid.flat, panels, strict=False):
            _panel(axes, panel, pinnings, loads)
        for axes in list(grid.flat)[len(panels) :]:
            axes.set_axis_off()
        _legend(drawing, cells, pinnings, loads)
    return drawing


def _panel(axes: Axes, panel: pd.DataFrame, pinnings: list[str], loads: list[str]) -> None:
    first = panel.iloc[0]
    size = int(first["message_bytes"])
    named = f"{first['path']}, {first['test']}, {several(size, size, 'byte')}"
    axes.set_title(f"{named} ({first['testbed']})", fontsize=9)
    axes.set_xticks(range(len(NAMES)), NAMES)
    axes.set_xlim(-0.5, len(NAMES) - 0.5)
    count = len(pinnings) * len(loads)
    for cell in panel.to_dict("records"):
        pinning, load = pinnings.index(cell["pinning"]), loads.index(cell["load"])
        aside = WIDTH * ((pinning * len(loads) + load + 0.5) / count - 0.5)
        _curve(axes, cell, aside, pinning, LINES[load % len(LINES)])


def _curve(axes: Axes, cell: Mapping[Any, Any], aside: float, pinning: int, line: str) -> None:
    color, marker = PALETTE[pinning % len(PALETTE)], MARKERS[pinning % len(MARKERS)]
    face = "white" if cell["label"] == "unstable" else color
    rows = pd.DataFrame([cell])
    middles, places = [], [index + aside for index in range(len(NAMES))]
    for place, metric in zip(places, LATENCIES, strict=True):
        by_median = bool(medians(rows, metric).iloc[0])
        middle, low, high = (
            cell[f"{metric}_{median if by_median else mean}"] for mean, median in ESTIMATES.items()
        )
        middles.append(middle)
        ends.upright(axes, place, (max(0.0, low), high), axes.get_ylim(), color)
    axes.plot(places, middles, line, color=color, marker=marker, markerfacecolor=face, zorder=3)


def _scale(axes: Axes, cells: pd.DataFrame) -> None:
    """One logarithmic scale for all panels, with room for intervals."""
    of_all = [cells[f"{metric}_mean"] for metric in LATENCIES]
    low, high = min(m.min() for m in of_all), max(m.max() for m in of_all)
    farthest = max(cells[f"{metric}_ci_high"].fillna(0).max() for metric in LATENCIES)
    axes.set_yscale("log")
    axes.set_ylim(max(low, 1e-3) / ROOM, ROOM * max(high, min(farthest, FARTHEST * high)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _legend(drawing: Figure, cells: pd.DataFrame, pinnings: list[str], loads: list[str]) -> None:
    shown: dict[str, Any] = {
        name: Line2D([], [], color=PALETTE[i % len(PALETTE)], marker=MARKERS[i % len(MARKERS)])
        for i, name in enumerate(pinnings)
    }
    for load, line in zip(loads, LINES, strict=False):
        said = "without a load" if load == USUAL["load"] else f"beside {load}"
        shown[said] = Line2D([], [], color="#666666", linestyle=line)
    unstable = cells[cells["label"] == "unstable"]
    if len(unstable):
        found = {MARKERS[pinnings.index(p) % len(MARKERS)] for p in unstable["pinning"]}
        shown["hollow: unstable"] = hollow_marks(found)
    if shown:
        drawing.legend(
            list(shown.values()),
            list(shown),
            loc="outside lower left",
            ncols=4,
            fontsize=9,
            handler_map=HANDLERS,
            handlelength=2.8,
        )


def _subtitle(cells: pd.DataFrame) -> str:
    """What was measured on what, and what a point and its error bar are."""
    if not len(cells):
        return "nothing measured"
    blocks = several(cells["blocks"].min(), cells["blocks"].max())
    says = f"of each block's percentile and maximum, mean and 95 % interval over {blocks}"
    return "; ".join([*ran_on(cells), says, *why_hollow(cells)])
