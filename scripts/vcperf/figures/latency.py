"""The MPI chapter: latency against message size, and EP beside it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatter

from vcperf.analysis.anomaly import CURVE
from vcperf.figures.ends import Band
from vcperf.figures.sizes import size_axis
from vcperf.figures.style import MARKERS, PALETTE, RC, SUBTITLE, ran_on, why_hollow
from vcperf.tables import columns

Tables = Mapping[str, pd.DataFrame]
LATENCY = ("latency_us", "ci_low", "ci_high")
KEPT = ("kept_percent", "kept_ci_low", "kept_ci_high")
WORDS = {"none": "without load", "ep": "while EP loads the other cluster"}


def load(tables: Tables) -> Figure:
    """One panel per stack and pinning: latency without load and under it, anomalies and the
    points A and B marked.

    Args:
        tables: pingpong_summary, anomalies and points.
    """
    summary = tables["pingpong_summary"]
    panels = summary[["testbed", "pinning", "stack"]].drop_duplicates().to_dict("records")
    with rc_context(RC):
        drawing = Figure(figsize=(7.2, 1.0 + 3.4 * len(panels)), layout="constrained")
        for index, panel in enumerate(panels):
            axes = drawing.add_subplot(len(panels), 1, index + 1)
            cells = _select(summary, panel)
            curves = cells[["program", "load"]].drop_duplicates().to_dict("records")
            bands = []
            for number, name in enumerate(curves):
                curve = _select(cells, name)
                label = WORDS.get(name["load"], name["load"]) + _besides(cells, name)
                bands.append(_curve(axes, curve, label, number))
                _marks(axes, curve, tables, number)
            title = f"{panel['stack']}, {panel['pinning']}{_besides(summary, panel)}"
            _axes(axes, cells, title, bands)
        _heading(drawing, "MPI ping-pong with and without load", summary)
    return drawing


def stacks(tables: Tables) -> Figure:
    """The stacks against each other, without load where that was measured."""
    summary = tables["pingpong_summary"]
    chosen = summary[summary["load"] == "none"]
    chosen = chosen if len(chosen) else summary
    with rc_context(RC):
        drawing = Figure(figsize=(7.2, 4.8), layout="constrained")
        axes = drawing.add_subplot()
        panels = chosen[["testbed", "pinning", "stack", "program", "load"]].drop_duplicates()
        bands = []
        for number, panel in enumerate(panels.to_dict("records")):
            label = f"{panel['stack']}, {panel['pinning']}{_besides(chosen, panel)}"
            bands.append(_curve(axes, _select(chosen, panel), label, number))
        _axes(axes, chosen, "", bands)
        _heading(drawing, "MPI ping-pong, stack against stack", chosen)
    return drawing


def ep(tables: Tables) -> Figure:
    """What EP keeps of its speed while the ping-pong runs."""
    summary = tables["ep_summary"]
    with rc_context(RC):
        drawing = Figure(figsize=(7.2, 1.6 + 0.5 * max(1, len(summary))), layout="constrained")
        axes = drawing.add_subplot()
        if len(summary):
            for number, row in enumerate(summary.to_dict("records")):
                colour = PALETTE[number % len(PALETTE)]
                middle, low, high = _estimate(row, KEPT)
                face = "white" if _doubtful(row["why"]) else colour
                axes.plot([low, high], [number] * 2, color=colour)
                axes.plot(middle, number, "o", color=colour, markerfacecolor=face)
            labels = [
                f"{r['stack']}, {r['pinning']}{_besides(summary, r)}"
                for r in summary.to_dict("records")
            ]
            axes.set_yticks(range(len(labels)), labels)
            axes.set_ylim(len(labels) - 0.5, -0.5)
            axes.axvline(100, color="#999999", linestyle="--", linewidth=1)
            axes.set_xlabel(columns.of("kept_percent").axis)
        else:
            axes.set_axis_off()
            axes.text(0, 0.5, "EP was not measured.")
        _heading(drawing, "EP slowed by the ping-pong of the other cluster", summary)
    return drawing


def _besides(cells: pd.DataFrame, row: Mapping[Any, Any]) -> str:
    """Of which program and testbed a curve is, for its label, where there are several."""
    several = [name for name in ("program", "testbed") if cells[name].nunique() > 1]
    return "".join(f", {row[name]}" for name in several if name in row)


def _select(table: pd.DataFrame, where: Mapping[Any, Any]) -> pd.DataFrame:
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def _doubtful(why: object) -> bool:
    """Whether a cell is, by its column `why`."""
    return isinstance(why, str) and why != ""


def _by_median(row: Mapping[Any, Any]) -> bool:
    return _doubtful(row["why"]) and not math.isnan(row["median_low"])


def _estimate(row: Mapping[Any, Any], means: tuple[str, str, str]) -> tuple[float, float, float]:
    """What represents a cell, with its interval (`vcperf.analysis.doubts`).

    Args:
        means: the columns of the mean and its interval.
    """
    middle, low, high = (row[name] for name in (columns.MEDIANS if _by_median(row) else means))
    return middle, low, high


def _curve(axes: Axes, curve: pd.DataFrame, label: str, number: int) -> Band:
    """Draw a curve; returns its intervals."""
    curve = curve.sort_values("message_bytes")
    sizes, colour = curve["message_bytes"].clip(lower=0.5), PALETTE[number % len(PALETTE)]
    marker = MARKERS[number % len(MARKERS)]
    found = [_estimate(row, LATENCY) for row in curve.to_dict("records")]
    middle, low, high = np.array(found).T
    axes.plot(sizes, middle, color=colour, marker=marker, label=label)
    band = Band(list(sizes), list(low), list(high), colour, number)
    band.draw(axes, least=1e-3)
    doubt = curve["why"].map(_doubtful).to_numpy(bool)
    if doubt.any():
        axes.plot(
            sizes[doubt],
            middle[doubt],
            linestyle="",
            marker=marker,
            color=colour,
            markerfacecolor="white",
            zorder=3,
        )
    return band


def _marks(axes: Axes, curve: pd.DataFrame, tables: Tables, number: int) -> None:
    """Where a curve has an anomaly: by how much the strongest, and the points A and B.

    Each curve of a panel writes in a line of its own: two may stand out at the same size.
    """
    name = {column: curve[column].iloc[0] for column in CURVE}
    heights = {row["message_bytes"]: _estimate(row, LATENCY)[0] for row in curve.to_dict("records")}
    colour = PALETTE[number % len(PALETTE)]
    style: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "color": colour}
    found = _select(tables["anomalies"], name)
    bumps = found[found["kind"] == "bump"]
    for row in bumps.to_dict("records"):
        at = (row["message_bytes"], heights[row["message_bytes"]])
        arrow: dict[str, Any] = {"arrowstyle": "->", "color": colour}
        axes.annotate("", at, (0, 14), arrowprops=arrow, **style)
        if row["excess_percent"] == bumps["excess_percent"].max():
            height = f"+{row['excess_percent']:.0f} %"
            axes.annotate(height, at, (0, 16 + 12 * number), **style)
    for row in _select(tables["points"], name).to_dict("records"):
        if row["source"] == "anomaly":
            for letter, size in (("A", row["a_bytes"]), ("B", row["b_bytes"])):
                place = (0, -18 - 11 * number)
                axes.annotate(letter, (size, heights[size]), place, **style)


def _axes(axes: Axes, cells: pd.DataFrame, title: str, bands: Sequence[Band]) -> None:
    size_axis(axes, cells["message_bytes"].unique())
    axes.set_yscale("log")
    # By the means: an interval of few blocks may reach below zero.
    axes.set_ylim(cells["latency_us"].min() / 2, cells["latency_us"].max() * 2)
    for band in bands:
        band.mark_ends(axes)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(LogFormatter())  # the default's labels are formulas
    axes.set_ylabel(columns.of("latency_us").axis)
    axes.legend(loc="upper left", fontsize=9, title=title or None, alignment="left")


def _heading(drawing: Figure, title: str, cells: pd.DataFrame) -> None:
    drawing.suptitle(title, x=0.01, ha="left", weight="bold")
    if not len(cells):
        return
    parts = ran_on(cells)
    parts.append(f"mean and 95 % interval of {cells['blocks'].min()} blocks")
    parts += why_hollow(cells)
    if any(_by_median(row) for row in cells.to_dict("records")):
        parts.append("hollow points are medians")
    subtitle = "\n".join(textwrap.wrap("; ".join(parts), 100))
    drawing.axes[0].set_title(subtitle, loc="left", **SUBTITLE)
