"""A metric against the message size, one curve a series, with confidence bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from vcperf.figures import bands
from vcperf.figures.sizes import size_axis

# Okabe and Ito's palette: told apart with any common colour blindness.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# A figure's second metric has its series' colour and a line of its own.
LINES = ("-", "--")

AXIS = {
    "throughput_mbps": "Throughput (Mbit/s)",
    "transactions_per_s": "Transactions (1/s)",
    "sender_cpu_percent": "CPU of the sender's system, by netperf (%)",
    "receiver_cpu_percent": "CPU of the receiver's system, by netperf (%)",
    "sender_domain_cpu_percent": "CPU of the sender (% of one CPU)",
    "receiver_domain_cpu_percent": "CPU of the receiver (% of one CPU)",
}
SHORT = {metric: metric.split("_")[0] for metric in AXIS}
# What the summary has of a metric -> what it has instead, of the cell's own.
ESTIMATES = {"mean": "median", "ci_low": "median_low", "ci_high": "median_high"}
WIDE = 5  # a range of rates that needs a logarithmic axis

RC: Any = {
    "svg.hashsalt": "vcperf",  # the same bytes for the same table
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
}


def draw(
    summary: pd.DataFrame, figure: Mapping[str, Any], estimates: pd.DataFrame | None = None
) -> Figure:
    """Draw one figure.

    Args:
        summary: results/tables/netperf_summary.csv.
        figure: title, metrics, where, series, bands: an entry of config/figures.yaml.
        estimates: results/tables/bandwidth.csv, when there is one.

    Returns the figure. Unstable cells are hollow, and told by their median where the summary
    has an interval of it. Series whose cells the summary lacks are named in the figure; when
    it lacks all, that stands in place of a plot.
    """
    with rc_context(RC):
        drawing = Figure(figsize=(7.2, 4.8), layout="constrained")
        axes = drawing.add_subplot()
        found = [(series, select(summary, figure, series)) for series in figure["series"]]
        present = [(series, cells) for series, cells in found if len(cells)]
        lacking = [series for series, cells in found if not len(cells)]
        if present:
            _curves(axes, figure, found)
            if estimates is not None:
                bands.draw(axes, estimates, figure.get("bands", ()))
            _axes(axes, figure["metrics"], pd.concat([cells for _, cells in present]))
        else:
            axes.set_axis_off()
        if lacking:
            _say_lacking(axes, figure, lacking, alone=not present)
        drawing.suptitle(figure["title"], x=0.01, ha="left", weight="bold")
        axes.set_title(_subtitle(present), loc="left", fontsize=8, color="#444444")
    return drawing


def save(drawing: Figure, svg: str, png: str) -> None:
    """Write a figure as SVG and PNG, without the date and versions that would make two
    drawings of one table differ."""
    with rc_context(RC):
        drawing.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        drawing.savefig(png, format="png", dpi=150, metadata={"Software": None})


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
    has an interval of it, which takes six blocks and the cell's own metric."""
    known = (cells["metric"] == metric) & cells["median_low"].notna()
    found: pd.Series = (cells["label"] == "unstable") & known
    return found


def _curves(
    axes: Axes, figure: Mapping[str, Any], found: Sequence[tuple[Mapping[str, Any], pd.DataFrame]]
) -> None:
    hollow: list[bool] = []  # whether each unstable point is a median
    for index, (series, cells) in enumerate(found):
        color = series.get("color", PALETTE[index % len(PALETTE)])
        for metric, line in zip(figure["metrics"], LINES, strict=False):
            if not len(cells):
                continue
            label = series["label"]
            if len(figure["metrics"]) > 1:
                label += f", {SHORT[metric]}"
            size, marker = cells["message_bytes"], MARKERS[index % len(MARKERS)]
            by_median = medians(cells, metric)
            middle, low, high = (
                cells[f"{metric}_{mean}"].where(~by_median, cells[median])
                for mean, median in ESTIMATES.items()
            )
            axes.plot(size, middle, line, color=color, marker=marker, label=label)
            axes.fill_between(
                size, low.clip(lower=1e-6), high, color=color, alpha=0.15, linewidth=0
            )
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
    if hollow:
        which = ", median" if all(hollow) else f", {sum(hollow)} of {len(hollow)} medians"
        told = "hollow: unstable" + (which if any(hollow) else "")
        axes.plot([], [], "o", color="#666666", markerfacecolor="white", label=told)


def _axes(axes: Axes, metrics: Sequence[str], cells: pd.DataFrame) -> None:
    size_axis(axes, cells["message_bytes"].unique())
    axes.set_ylabel(AXIS[metrics[0]] if len(metrics) == 1 else "CPU (% of one CPU)")
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
    named = cells[["platform", "testbed"]].drop_duplicates().itertuples(index=False)
    parts = [", ".join(f"{row.platform} ({row.testbed})" for row in named)]
    if (cells["shared_cpus"] == "yes").any():
        parts.append("the nodes share CPUs")
    low, high = cells["blocks"].min(), cells["blocks"].max()
    count = f"{low}" if low == high else f"{low}-{high}"
    parts.append(f"mean and 95 % interval of {count} block{'s' if high > 1 else ''}")
    return "; ".join(parts)


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
