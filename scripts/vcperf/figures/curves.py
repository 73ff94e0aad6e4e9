"""A metric against the message size, one curve a series, with confidence bands."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from vcperf.figures import bands, ends, plateau
from vcperf.figures.sizes import size_axis
from vcperf.figures.style import MARKERS, PALETTE, RC, SUBTITLE, ran_on, several, why_hollow
from vcperf.kinds.netperf import METRICS
from vcperf.tables import columns

# A figure's second metric has its series' colour and a line of its own.
LINES = ("-", "--")

# What the summary has of a metric -> what represents a doubtful cell instead.
ESTIMATES = dict(zip(columns.ENDS, columns.MEDIANS, strict=True))
WIDE = 5  # a range of rates that needs a logarithmic axis
CHARACTERS = 110  # of a line below the title


def draw(tables: Mapping[str, pd.DataFrame], figure: Mapping[str, Any]) -> Figure:
    """Draw one figure.

    Args:
        tables: netperf_summary, and bandwidth when there are estimates.
        figure: title, metrics, where, series, bands: an entry of config/figures.yaml.

    Returns the figure. Unstable cells are hollow, and told by their median where the summary
    has an interval of it. Cells that meet the link between their nodes are marked, and throughput
    has a line at what that link can carry. Series whose cells the summary lacks are named in the
    figure; when it lacks all, that stands in place of a plot.
    """
    summary, estimates = tables["netperf_summary"], tables.get("bandwidth")
    with rc_context(RC):
        drawing = Figure(figsize=(7.2, 4.8), layout="constrained")
        axes = drawing.add_subplot()
        found = [(series, select(summary, figure, series)) for series in figure["series"]]
        present = [(series, cells) for series, cells in found if len(cells)]
        lacking = [series for series, cells in found if not len(cells)]
        if present:
            cells = pd.concat([cells for _, cells in present])
            bounds = _curves(axes, figure, found)
            if figure["metrics"] == [METRICS[0]]:
                plateau.draw_line(axes, cells)
            if estimates is not None:
                bands.draw(axes, estimates, figure.get("bands", ()))
            _axes(axes, figure["metrics"], cells)
            for places, low, high, color in bounds:
                ends.arrows(axes, places, low, high, color)
        else:
            axes.set_axis_off()
        if lacking:
            _say_lacking(axes, figure, lacking, alone=not present)
        drawing.suptitle(figure["title"], x=0.01, ha="left", weight="bold")
        axes.set_title(_subtitle(present), loc="left", **SUBTITLE)
    return drawing


def select(
    summary: pd.DataFrame, figure: Mapping[str, Any], series: Mapping[str, Any]
) -> pd.DataFrame:
    """The cells of a series that have the figure's metrics, by message size."""
    chosen = summary
    for column, value in {**figure["where"], **series["where"]}.items():
        chosen = chosen[chosen[column] == value]
    measured = chosen[[f"{metric}_mean" for metric in figure["metrics"]]].notna().all(axis=1)
    return chosen[measured].sort_values("message_bytes")


def medians(cells: pd.DataFrame, metric: str) -> pd.Series:
    """Whether each cell's metric is told by its median: the cell is unstable, and the summary
    has an interval of it, which takes six blocks (`vcperf.analysis.doubts.by_median`)."""
    known = cells[f"{metric}_median_low"].notna()
    found: pd.Series = (cells["label"] == "unstable") & known
    return found


def _curves(
    axes: Axes, figure: Mapping[str, Any], found: Sequence[tuple[Mapping[str, Any], pd.DataFrame]]
) -> list[tuple[pd.Series, pd.Series, pd.Series, str]]:
    """Draw the series; returns sizes, lower and upper ends, and colour of each band."""
    found_bands: list[tuple[pd.Series, pd.Series, pd.Series, str]] = []
    hollow: list[bool] = []  # whether each unstable point is a median
    marked = False
    for index, (series, cells) in enumerate(found):
        color = series.get("color", PALETTE[index % len(PALETTE)])
        for metric, line in zip(figure["metrics"], LINES, strict=False):
            if not len(cells):
                continue
            label = series["label"]
            if len(figure["metrics"]) > 1:
                label += f", {metric.split('_')[0]}"
            size, marker = cells["message_bytes"], MARKERS[index % len(MARKERS)]
            by_median = medians(cells, metric)
            middle, low, high = (
                cells[f"{metric}_{mean}"].where(~by_median, cells[f"{metric}_{median}"])
                for mean, median in ESTIMATES.items()
            )
            axes.plot(size, middle, line, color=color, marker=marker, label=label)
            axes.fill_between(
                size, low.clip(lower=1e-6), high, color=color, alpha=0.15, linewidth=0
            )
            found_bands.append((size, low, high, color))
            at_link = plateau.met(cells)
            plateau.draw_marks(axes, size, middle, at_link)
            marked |= bool(at_link.any())
            unstable = (cells["label"] == "unstable").to_numpy()
            if unstable.any():
                hollow.extend(by_median[unstable])
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
        told = "hollow: unstable" + (which if any(hollow) else "")
        axes.plot([], [], "o", color="#666666", markerfacecolor="white", label=told)
    return found_bands


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
    axes.legend(loc="best", fontsize=9)


def _subtitle(present: Sequence[tuple[Mapping[str, Any], pd.DataFrame]]) -> str:
    """What the curves ran on, and what a band is."""
    if not present:
        return "nothing measured"
    cells = pd.concat([cells for _, cells in present])
    parts = ran_on(cells)
    parts.append(
        f"mean and 95 % interval of {several(cells['blocks'].min(), cells['blocks'].max())}"
    )
    return "\n".join(textwrap.wrap("; ".join([*parts, *why_hollow(cells)]), CHARACTERS))


def _say_lacking(
    axes: Axes, figure: Mapping[str, Any], lacking: Sequence[Mapping[str, Any]], alone: bool
) -> None:
    lines = ["Not in this campaign:"]
    for series in lacking:
        where = {**figure["where"], **series["where"]}
        lines.append(f"{series['label']} ({', '.join(f'{k} {v}' for k, v in where.items())})")
    x, y, ha, va = (0.02, 0.95, "left", "top") if alone else (0.99, 0.02, "right", "bottom")
    size = 10 if alone else 7
    axes.text(
        x, y, "\n".join(lines), transform=axes.transAxes, ha=ha, va=va, fontsize=size, color="#444"
    )
