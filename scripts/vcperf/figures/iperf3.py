"""Throughput of iperf3 by pinning: one panel per protocol, one colour per direction and streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vcperf.figures import ends, plateau
from vcperf.figures.style import (
    HANDLERS,
    MARKERS,
    PALETTE,
    RC,
    SUBTITLE,
    hollow_marks,
    ran_on,
    several,
)
from vcperf.tables import columns

SERIES = ["mode", "direction", "streams", "message_bytes"]
MODES = ("forward", "reverse", "bidirectional")
HIGHEST = 1.5  # of the highest mean, what a panel shows at most
MANY = 10  # places, beyond which their names are written small
WIDTH = 0.7  # of the place of one path that its points take
ONE_THREAD = "iperf3 before 3.16 moved all streams in one thread"


def draw(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw iperf3_summary: mean and 95 % interval of what was received, of UDP also the mean of
    what was sent (hollow). An interval that is far wider than the means ends in an arrow."""
    cells = tables["iperf3_summary"]
    cells = cells[cells["metric"].isin(["received_mbps", "sent_mbps"])].copy()
    cells["place"] = cells["pinning"] + "\n" + cells["path"]
    if cells["testbed"].nunique() > 1:
        cells["place"] = cells["testbed"] + "\n" + cells["place"]
    places = list(dict.fromkeys(cells["place"]))
    found = cells[SERIES].drop_duplicates().itertuples(index=False, name=None)
    order = sorted(map(tuple, found), key=lambda s: (MODES.index(s[0]), s[1], int(s[2]), s[3]))
    protocols = list(dict.fromkeys(cells["protocol"]))
    with rc_context(RC):
        width = min(14.0, max(7.2, 1.1 * len(places) + 3.6))
        drawing = Figure(figsize=(width, 1.4 + 3.0 * len(protocols)), layout="constrained")
        panels = drawing.subplots(len(protocols), squeeze=False, sharex=True)[:, 0]
        for axes, protocol in zip(panels, protocols, strict=True):
            _panel(axes, cells[cells["protocol"] == protocol], places, order)
            axes.set_title(protocol, loc="left", fontsize=10)
        shown: dict[str, Any] = {
            name: line
            for axes in panels
            for line, name in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        if "UDP" in protocols:
            shown["hollow: sent"] = hollow_marks(MARKERS[: len(order)])
        drawing.legend(
            list(shown.values()),
            list(shown),
            loc="outside right upper",
            fontsize=8,
            handler_map=HANDLERS,
        )
        drawing.suptitle("Throughput by iperf3", x=0.01, ha="left", weight="bold")
        drawing.supxlabel("; ".join(_notes(cells)), x=0.01, ha="left", wrap=True, **SUBTITLE)
    return drawing


def _panel(
    axes: Axes, cells: pd.DataFrame, places: list[str], order: list[tuple[Any, ...]]
) -> None:
    """Draw one protocol."""
    drawn = cells[(cells["metric"] == "received_mbps") | (cells["protocol"] == "UDP")]
    highest = max(drawn["ci_high"].fillna(drawn["mean"]).max(), drawn["mean"].max())
    axes.set_ylim(0, min(1.05 * highest, HIGHEST * drawn["mean"].max()))
    sizes = len({one[-1] for one in order}) > 1
    step = WIDTH / max(1, len(order) - 1)
    for index, one in enumerate(order):
        chosen = cells[(cells[SERIES] == list(one)).all(axis=1)]
        shift = (index - (len(order) - 1) / 2) * step
        style: Any = {"color": PALETTE[index % len(PALETTE)], "ms": 5}
        marker = MARKERS[index % len(MARKERS)]
        rows = chosen[chosen["metric"] == "received_mbps"]
        at = [places.index(place) + shift for place in rows["place"]]
        axes.plot(at, rows["mean"], marker, label=_label(one, sizes), **style)
        for x, low, high in zip(at, rows["ci_low"], rows["ci_high"], strict=True):
            ends.upright(axes, x, (low, high), axes.get_ylim(), style["color"], "{:.0f}")
        rows = chosen[(chosen["metric"] == "sent_mbps") & (chosen["protocol"] == "UDP")]
        at = [places.index(place) + shift for place in rows["place"]]
        axes.plot(at, rows["mean"], ls="", marker=marker, mfc="none", **style)
    axes.set_xticks(range(len(places)), places, fontsize=8 if len(places) <= MANY else 6)
    axes.set_xlim(-0.6, len(places) - 0.4)
    axes.grid(visible=False, axis="x")
    axes.set_ylabel(f"Throughput ({columns.of('received_mbps').unit})")


def _label(series: tuple[object, ...], sizes: bool) -> str:
    """What a series is called.

    >>> _label(("bidirectional", "reverse", "4", 1400), sizes=False)
    'reverse of bidirectional, 4 streams'
    """
    mode, direction, streams, size = series
    name = str(direction) if mode == direction else f"{direction} of {mode}"
    count = int(str(streams))
    return f"{name}, {several(count, count, 'stream')}" + (f", {size} bytes" if sizes else "")


def _notes(cells: pd.DataFrame) -> list[str]:
    """What is to be known of the cells."""
    counts = cells["blocks"]
    notes = [*ran_on(cells), f"{several(counts.min(), counts.max())} per cell, 95 % intervals"]
    if (cells["threads"] < cells["streams"].astype(int)).any():
        notes.append(ONE_THREAD)
    cells = cells[cells["metric"] == "received_mbps"]
    doubtful = cells[cells["label"] == "unstable"]
    if len(doubtful):
        reasons = sorted(set(doubtful["why"]))
        notes.append(f"{len(doubtful)} of {len(cells)} points are unstable ({', '.join(reasons)})")
    met = int(plateau.met(cells).sum())
    if met:
        notes.append(f"{met} of {len(cells)} points meet the link")
    return notes
