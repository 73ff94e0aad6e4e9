"""A metric against the message size, one curve a series, with confidence bands."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from vcperf.figures import bands, plateau
from vcperf.figures.ends import Band
from vcperf.figures.sizes import size_axis
from vcperf.figures.style import (
    HANDLERS,
    MARKERS,
    PALETTE,
    RC,
    SUBTITLE,
    hollow_marks,
    ran_on,
    several,
    together,
    why_hollow,
    wrapped,
)
from vcperf.kinds.netperf import METRICS, USUAL
from vcperf.tables import columns

# A figure's second metric has its series' colour and a line of its own.
LINES = ("-", "--")
WIDER: Any = {"handlelength": 2.8}  # so that the legend shows dashes beside a marker

# What the summary has of a metric -> what represents a doubtful cell instead.
ESTIMATES = dict(zip(columns.ENDS, columns.MEDIANS, strict=True))
WIDE = 5  # a range of rates that needs a logarithmic axis
CHARACTERS = 110  # of a line below the title
TITLE, LEGEND = 68, 60  # characters of a line of the title, and of a label in the legend
LACKING = 82, 120  # characters of a line that says what is missing: in place of a plot, and below


def draw(tables: Mapping[str, pd.DataFrame], figure: Mapping[str, Any]) -> Figure:
    """Draw one figure.

    Args:
        tables: netperf_summary, or another with its columns; and bandwidth when there are
            estimates.
        figure: title, metrics, where, series, bands: an entry of config/figures.yaml.

    Returns the figure. Unstable cells are hollow, and told by their median where the summary
    has an interval of it. Cells that meet the link between their nodes are marked, and throughput
    has a line at what that link can carry. Series whose cells the summary lacks are named in the
    figure; when it lacks all, that stands in place of a plot.
    """
    summary = next(table for name, table in tables.items() if name != "bandwidth")
    estimates = tables.get("bandwidth")
    with rc_context(RC):
        drawing = Figure(figsize=(7.2, 4.8), layout="constrained")
        axes = drawing.add_subplot()
        found = [(series, select(summary, figure, series)) for series in figure["series"]]
        present = [(series, cells) for series, cells in found if len(cells)]
        lacking = [series for series, cells in found if not len(cells)]
        if present:
            cells = pd.concat([cells for _, cells in present])
            intervals, hollow = _curves(axes, figure, found)
            if figure["metrics"] == [METRICS[0]]:
                plateau.draw_line(axes, cells)
            if estimates is not None:
                bands.draw(axes, estimates, figure.get("bands", ()))
            _axes(axes, figure["metrics"], cells)
            handles, labels = axes.get_legend_handles_labels()
            handles, labels = [*handles, *hollow.values()], [*labels, *hollow]
            axes.legend(handles, labels, loc="best", fontsize=9, handler_map=HANDLERS, **WIDER)
            for band in intervals:
                band.mark_ends(axes)
        else:
            axes.set_axis_off()
        if lacking:
            _say_lacking(axes, figure, lacking, alone=not present)
        title = wrapped(figure["title"], TITLE)
        drawing.suptitle(title, x=0.01, ha="left", weight="bold")
        axes.set_title(_subtitle(present), loc="left", **SUBTITLE)
    return drawing


def select(
    summary: pd.DataFrame, figure: Mapping[str, Any], series: Mapping[str, Any]
) -> pd.DataFrame:
    """The cells of a series that have the figure's metrics, by message size. Where there are
    several numbers of streams or loads and the series names none, these are the usual ones."""
    chosen = summary
    where = {**figure["where"], **series["where"]}
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    for column, value in USUAL.items():
        if column not in where and chosen[column].nunique() > 1:
            chosen = chosen[chosen[column] == value]
    measured = chosen[[f"{metric}_mean" for metric in figure["metrics"]]].notna().all(axis=1)
    return chosen[measured].sort_values("message_bytes")


def medians(cells: pd.DataFrame, metric: str) -> pd.Series:
    """Whether each cell's metric is told by its median: the cell is unstable, and the summary
    has an interval of it, which takes six blocks (`vcperf.analysis.doubts.by_median`)."""
    known = cells[f"{metric}_median_low"].notna()
    found: pd.Series = (cells["label"] == "unstable") & known
    return found


def possible(metric: str, cells: pd.DataFrame, ends: pd.Series) -> pd.Series:
    """The ends of intervals, without what no CPU can do: a t-interval of few blocks may reach
    below 0 % or above all of a CPU.

    Args:
        metric: of the netperf tables; those that are not CPU time are returned as they are.
        cells: of one curve. Their means tell how many CPUs it can use at most: a mean above 100 %
            takes a second one.
        ends: the lower or the upper ones.
    """
    if not metric.endswith("cpu_percent"):
        return ends
    most = 100 * max(1, int(np.ceil(round(cells[f"{metric}_mean"].max(), 1) / 100)))
    return ends.clip(0, most)


def _curves(
    axes: Axes, figure: Mapping[str, Any], found: Sequence[tuple[Mapping[str, Any], pd.DataFrame]]
) -> tuple[list[Band], dict[str, Any]]:
    """Draw the series; returns the intervals of each curve, and what the legend says of hollow
    points with their marks."""
    intervals: list[Band] = []
    hollow: list[bool] = []  # whether each unstable point is a median
    shapes: list[str] = []  # of hollow points
    marked = False
    for index, (series, cells) in enumerate(found):
        color = series.get("color", PALETTE[index % len(PALETTE)])
        for metric, line in zip(figure["metrics"], LINES, strict=False):
            if not len(cells):
                continue
            label = series["label"]
            if len(figure["metrics"]) > 1:
                label += f", {metric.split('_')[0]}"
            label = wrapped(label, LEGEND)
            size, marker = cells["message_bytes"], MARKERS[index % len(MARKERS)]
            by_median = medians(cells, metric)
            middle, low, high = (
                cells[f"{metric}_{mean}"].where(~by_median, cells[f"{metric}_{median}"])
                for mean, median in ESTIMATES.items()
            )
            low, high = (possible(metric, cells, end) for end in (low, high))
            axes.plot(size, middle, line, color=color, marker=marker, label=label)
            intervals.append(Band(list(size), list(low), list(high), color, len(intervals)))
            intervals[-1].draw(axes, least=1e-6)
            at_link = plateau.met(cells)
            plateau.draw_marks(axes, size, middle, at_link)
            marked |= bool(at_link.any())
            unstable = (cells["label"] == "unstable").to_numpy()
            if unstable.any():
                hollow.extend(by_median[unstable])
                shapes.append(marker)
                axes.plot(
                    size[unstable],
                    middle[unstable],
                    linestyle="",
                    marker=marker,
                    color=color,
                    markerfacecolor="white",
                    zorder=3,
                )
    if marked:
        plateau.legend(axes, "meets the link")
    if hollow:
        which = ", median" if all(hollow) else f", {sum(hollow)} of {len(hollow)} medians"
        reason = "hollow: unstable" + (which if any(hollow) else "")
        return intervals, {reason: hollow_marks(shapes)}
    return intervals, {}


def _axes(axes: Axes, metrics: Sequence[str], cells: pd.DataFrame) -> None:
    size_axis(axes, cells["message_bytes"].unique())
    column = columns.of(metrics[0])
    axes.set_ylabel(column.axis if len(metrics) == 1 else f"CPU ({column.unit})")
    means = cells[[f"{metric}_mean" for metric in metrics]].to_numpy()
    if means.min() > 0 and means.max() > WIDE * means.min() and not metrics[0].endswith("percent"):
        # Linear, the small messages would be one point at the bottom; and what sharing a
        # CPU costs is a ratio, which a logarithmic axis shows alike at every height.
        axes.set_yscale("log")
        drawn = axes.dataLim  # bands may lie above all curves
        axes.set_ylim(means.min() / 2, max(means.max(), drawn.y1) * 2)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.grid(True, which="minor", axis="y", color="#eeeeee", linewidth=0.5)
    else:
        axes.set_ylim(bottom=0)


def _subtitle(present: Sequence[tuple[Mapping[str, Any], pd.DataFrame]]) -> str:
    """What the curves ran on, and what a band is."""
    if not present:
        return "nothing measured"
    cells = pd.concat([cells for _, cells in present])
    parts = [*ran_on(cells), *together(cells)]
    parts.append(
        f"mean and 95 % interval of {several(cells['blocks'].min(), cells['blocks'].max())}"
    )
    return "\n".join(textwrap.wrap("; ".join([*parts, *why_hollow(cells)]), CHARACTERS))


def _say_lacking(
    axes: Axes, figure: Mapping[str, Any], lacking: Sequence[Mapping[str, Any]], alone: bool
) -> None:
    """Name the series that have no cells: in place of a plot, or below it."""
    lines = ["Not in this campaign:"]
    for series in lacking:
        where = {**figure["where"], **series["where"]}
        named = f"{series['label']} ({', '.join(f'{k} {v}' for k, v in where.items())})"
        lines.append(wrapped(named, LACKING[not alone], indent="    "))
    text = "\n".join(lines)
    if alone:
        axes.text(0.02, 0.95, text, transform=axes.transAxes, va="top", color="#444")
    else:
        axes.figure.supxlabel(text, x=0.99, ha="right", fontsize=7, color="#444")
