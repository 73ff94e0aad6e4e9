"""Profiles: what a megabyte costs, by domain and image; point A beside point B; whose the time
of an emulated node's CPUs is."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vcperf.figures.style import PALETTE, RC, SUBTITLE, ran_on
from vcperf.tables import columns
from vcperf.tables.columns import LEAST_SAMPLES

Tables = Mapping[str, pd.DataFrame]
ALL = "all"
XEN, IDLE = "xen", "[idle]"  # domains of results/tables/profile_nodes.csv
MOST_IMAGES = 6
MOST_SYMBOLS = 12
LONGEST = 42  # characters of a name
SIDES = ("first", "second")  # of a comparison
LEAST_SHARE = 0.01  # of all that a megabyte costs: an image below is not worth a pair of bars
CELL = ["pinning", "path", "test", "message_bytes"]
NO_DOMAIN = "kernel threads,\ninterrupts of idle CPUs"
OTHERS = "#bbbbbb"
UNDER_TITLE = 0.3  # inches
# Drawn in thousands of the table's nanoseconds.
COST_AXIS = f"{columns.of('ns_per_megabyte').label} (us a megabyte)"


def images(tables: Tables) -> Figure:
    """One panel per pinning, path and size, with one bar per domain: CPU time that a megabyte
    costs, stacked by image.

    Args:
        tables: profile_cost and profile_blocks.
    """
    cost, blocks = tables["profile_cost"], tables["profile_blocks"]
    blocks = blocks[blocks["workload"] == "netperf"]
    cost = cost[(cost["workload"] == "netperf") & (cost["domain"] != ALL)]
    whole, parts = cost[cost["image"] == ALL], cost[cost["image"] != ALL]
    panels = list(whole.groupby(["testbed", *CELL, "event"], dropna=False, sort=True))
    with rc_context(RC):
        height = 1.3 + 0.55 * max(1, len(panels)) + 0.32 * max(2, len(whole))
        drawing = Figure(figsize=(7.2, height), layout="constrained")
        if panels:
            heights = [1.6 + len(of_panel) for _, of_panel in panels]
            grid = drawing.subplots(
                len(panels), sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights}
            )
            ranked = parts.groupby("image")["ns_per_megabyte"].sum().sort_values(ascending=False)
            named = list(ranked.index[:MOST_IMAGES])
            for axes, (_, of_panel) in zip(grid[:, 0], panels, strict=True):
                _stacked(axes, of_panel, parts, named)
                row = of_panel.iloc[0]
                title = f"{row['pinning']}, {row['path']}, {row['message_bytes']:g} bytes"
                title += f", {row['event']}" if cost["event"].nunique() > 1 else ""
                title += _too_few(int(of_panel["samples"].sum()))
                axes.set_title(title, fontsize=9, loc="left")
            grid[-1, 0].set_xlabel(COST_AXIS)
            _legend_of_all(list(grid[:, 0]))
        else:
            _say(drawing.add_subplot(), _nothing(blocks, "images", "No profile of netperf"))
        _heading(drawing, "CPU time of a megabyte, by domain and image", blocks)
    return drawing


def points(tables: Tables) -> Figure:
    """One row per ping-pong: its program at A beside B, by image and by symbol.

    Args:
        tables: profile_differences and profile_blocks.
    """
    found = tables["profile_differences"]
    found = found[(found["compared"] == "point") & (found["unit"] == "ns_per_megabyte")]
    blocks = tables["profile_blocks"]
    blocks = blocks[blocks["workload"] == "pingpong"]
    groups = found[["testbed", "pinning", "stack", "program", "load", "event", "first", "second"]]
    pairs = groups.drop_duplicates().to_dict("records")
    with rc_context(RC):
        drawing = Figure(figsize=(9.6, 1.2 + 4.0 * max(1, len(pairs))), layout="constrained")
        for index, pair in enumerate(pairs):
            chosen = found
            for column, value in pair.items():
                chosen = chosen[chosen[column] == value]
            left = drawing.add_subplot(len(pairs), 2, 2 * index + 1)
            right = drawing.add_subplot(len(pairs), 2, 2 * index + 2)
            by_image = chosen[(chosen["by"] == "image") & (chosen["within"] == ALL)]
            inside = chosen[(chosen["by"] == "symbol") & (chosen["within"] == pair["program"])]
            values = by_image[["first_value", "second_value"]]
            by_image = by_image[(values >= LEAST_SHARE * values.sum()).any(axis=1)]
            sides = {side: _point_name(tables["profile_blocks"], pair[side]) for side in SIDES}
            _paired(left, by_image.head(MOST_IMAGES), sides, ["image"])
            _paired(right, inside.head(MOST_SYMBOLS), sides, ["symbol", "image"])
            title = f"{pair['stack']}, {pair['pinning']}: images"
            title += f" of {pair['event']}" if groups["event"].nunique() > 1 else ""
            fewest = min(_samples(tables["profile_blocks"], pair, pair[side]) for side in SIDES)
            left.set_title(title + _too_few(fewest), fontsize=9, loc="left")
            right.set_title(f"inside {pair['program']}: symbols", fontsize=9, loc="left")
        if not pairs:
            compared = blocks if blocks["point"].nunique() > 1 else blocks[:0]
            _say(
                drawing.add_subplot(),
                _nothing(compared, "differences", "No profiles of two points"),
            )
        title = "What differs most between two message sizes of the ping-pong"
        _heading(drawing, title, blocks, over=False)
    return drawing


def nodes(tables: Tables) -> Figure:
    """One bar per pinning, path and node: whose the time of its CPUs is, all blocks together.

    Args:
        tables: profile_nodes and profile_blocks.
    """
    found = tables["profile_nodes"]
    keys = ["pinning", "path", "message_bytes", "node"]
    sums = found[found["image"] == ALL].groupby([*keys, "domain"])["samples"].sum()
    counted = sums.unstack("domain", fill_value=0)
    shares = 100 * counted.div(counted.sum(axis=1), axis=0)
    inside = sorted(set(shares.columns) - {XEN, IDLE})
    order = [name for name in (XEN, *inside, IDLE) if name in shares]
    with rc_context(RC):
        drawing = Figure(figsize=(7.2, 1.9 + 0.42 * max(2, len(shares))), layout="constrained")
        axes = drawing.add_subplot()
        left = pd.Series(0.0, index=shares.index)
        for number, name in enumerate(order):
            colour = OTHERS if name == IDLE else PALETTE[number % len(PALETTE)]
            axes.barh(range(len(shares)), shares[name], left=left, color=colour, label=name)
            left += shares[name]
        if len(shares):
            bars = [
                f"{pin}, {path}, {size:g} bytes: {node}" + _too_few(samples)
                for (pin, path, size, node), samples in zip(
                    left.index, counted.sum(axis=1), strict=True
                )
            ]
            axes.set_yticks(range(len(bars)), bars, fontsize=8)
            axes.set_ylim(len(bars) - 0.5, -0.5)
            axes.set_xlim(0, 100)
            axes.grid(False, axis="y")
            axes.set_axisbelow(True)
            axes.set_xlabel("share of the node's CPU time (%)")
            axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)
        else:
            _say(axes, "No profile of an emulated node in this campaign.")
        samples = f"its CPUs sampled {int(counted.to_numpy().sum())} times from outside"
        _heading(
            drawing, "Whose the CPU time of a node is", tables["profile_blocks"], counted=samples
        )
    return drawing


def _same(parts: pd.DataFrame, row: Mapping[Any, Any]) -> pd.Series:
    keys = ("testbed", *CELL, "event", "domain")
    same = pd.Series(True, index=parts.index)
    for key in keys:
        same &= parts[key].isna() if pd.isna(row[key]) else parts[key] == row[key]
    return same


def _stacked(axes: Axes, whole: pd.DataFrame, parts: pd.DataFrame, named: Sequence[str]) -> None:
    """A cell's bars: its sender first, its receiver next, last what is in no domain."""
    first = whole.iloc[0]
    ends = str(first["path"]).split("->")
    rank = whole["domain"].map(lambda d: ends.index(d) if d in ends else len(ends) + pd.isna(d))
    bars = whole.loc[rank.sort_values(kind="stable").index].to_dict("records")
    left = [0.0] * len(bars)
    for number, image in enumerate([*named, None]):
        widths = []
        for bar in bars:
            of_bar = parts[_same(parts, bar)]
            of_image = of_bar["image"] == image if image else ~of_bar["image"].isin(named)
            widths.append(float(of_bar[of_image]["ns_per_megabyte"].sum()) / 1e3)
        if any(widths):
            colour = PALETTE[number % len(PALETTE)] if image else OTHERS
            axes.barh(range(len(bars)), widths, left=left, color=colour, label=image or "others")
        left = [start + width for start, width in zip(left, widths, strict=True)]
    names = [NO_DOMAIN if pd.isna(bar["domain"]) else bar["domain"] for bar in bars]
    axes.set_yticks(range(len(bars)), names, fontsize=8)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.grid(False, axis="y")
    axes.set_axisbelow(True)


def _legend_of_all(panels: Sequence[Axes]) -> None:
    """One legend beside the first panel, a name once."""
    shown: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            shown.setdefault(str(label), handle)
    handles, labels = list(shown.values()), list(shown)
    panels[0].legend(handles, labels, loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)


def _too_few(samples: int) -> str:
    """What a title says of a profile that tells little."""
    return "" if samples >= LEAST_SAMPLES else f"; too few samples ({samples})"


def _samples(blocks: pd.DataFrame, pair: Mapping[Any, Any], point: str) -> int:
    """How many a point of a pair has, in all its blocks."""
    of_point = blocks[blocks["point"] == point]
    for column in ("testbed", "pinning", "stack", "program", "load"):
        of_point = of_point[of_point[column] == pair[column]]
    return int(of_point["samples"].sum())


def _point_name(blocks: pd.DataFrame, point: str) -> str:
    sizes = blocks[blocks["point"] == point]["message_bytes"].unique()
    return f"{point}, {sizes[0]:g} bytes" if len(sizes) == 1 else point


def _paired(axes: Axes, rows: pd.DataFrame, sides: Mapping[str, str], by: Sequence[str]) -> None:
    """Two bars a name, those first whose difference is largest; bold when it is more than
    sampling may."""
    if not len(rows):
        _say(axes, "no samples")
        return
    names = [", ".join(str(row[column]) for column in by) for row in rows.to_dict("records")]
    places = range(len(names))
    for number, side in enumerate(SIDES):
        widths = (rows[f"{side}_value"] / 1e3).tolist()
        at = [place + 0.4 * number - 0.2 for place in places]
        axes.barh(at, widths, 0.4, color=PALETTE[number], label=sides[side])
    axes.set_yticks(places, [_short(name) for name in names], fontsize=8)
    for label, explains in zip(axes.get_yticklabels(), rows["explains"], strict=True):
        label.set_fontweight("bold" if explains else "normal")
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(False, axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel(COST_AXIS)
    axes.legend(loc="lower right", fontsize=8, title="point")


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 2] + ".."


def _nothing(blocks: pd.DataFrame, table: str, none: str) -> str:
    """Why there is nothing to draw."""
    if not len(blocks):
        return f"{none} in this campaign."
    return (
        "The event that was counted gives no CPU time per megabyte;\n"
        f"results/tables/profile_{table}.csv has the samples."
    )


def _say(axes: Axes, text: str) -> None:
    axes.set_axis_off()
    axes.text(0, 0.5, text)


def _heading(
    drawing: Figure, title: str, blocks: pd.DataFrame, over: bool = True, counted: str = ""
) -> None:
    if len(blocks):
        parts = [*ran_on(blocks), counted or _counted(blocks)]
        if not over:
            parts.append("bold: differs by more than sampling may")
        lines = textwrap.wrap("; ".join(parts), 100 if over else 130)
        title += "\n" * len(lines)  # room for them
        below = 1 - UNDER_TITLE / drawing.get_figheight()
        drawing.text(0.01, below, "\n".join(lines), va="top", **SUBTITLE)
    drawing.suptitle(title, x=0.01, ha="left", weight="bold")


def _counted(blocks: pd.DataFrame) -> str:
    """What a profiler counted, and how often."""
    event = f"event {', '.join(sorted(blocks['event'].unique()))}"
    if (blocks["event"] != blocks["event_asked"]).any():
        event += f" in place of {', '.join(sorted(blocks['event_asked'].unique()))}"
    lost = blocks["lost_samples"].sum(min_count=1)
    losses = "losses unknown" if pd.isna(lost) else f"{lost:g} lost"
    return f"{event}; {blocks['samples'].sum()} samples, {losses}"
