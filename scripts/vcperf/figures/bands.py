"""Estimates of a path's bandwidth beside the curves: a band, or a line for a bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

SHADES = ("#444444", "#999999")
NOTHING = {"inconclusive": "inconclusive", "within_bucket": "within a bucket"}
BOUNDS = {"lower_bound": ("low_mbps", "at least"), "upper_bound": ("high_mbps", "at most")}


def draw(axes: Axes, estimates: pd.DataFrame, bands: Sequence[Mapping[str, Any]]) -> None:
    """Draw the bands of a figure whose estimates are there.

    Args:
        axes: where throughput is drawn, in 10^6 bit/s.
        estimates: results/tables/bandwidth.csv.
        bands: label and where of each: an entry of config/figures.yaml.

    Several estimates of a band are drawn as their means; the legend says how many. Where
    some are bounds only, their least is drawn as a line. Those that tell nothing are counted there.
    """
    for index, band in enumerate(bands):
        chosen = estimates
        for column, value in band["where"].items():
            chosen = chosen[chosen[column] == value]
        if len(chosen):
            _draw_one(axes, chosen, band["label"], SHADES[index % len(SHADES)])


def _draw_one(axes: Axes, chosen: pd.DataFrame, label: str, shade: str) -> None:
    usable = chosen[~chosen["kind"].isin(list(NOTHING))]
    doubt = "" if (chosen["status"] == "ok").all() else ", disturbed"
    count = "" if len(chosen) == 1 else f", {len(chosen)} estimates"
    if not len(usable):
        kinds = set(chosen["kind"])
        why = " or ".join(words for kind, words in NOTHING.items() if kind in kinds)
        axes.plot([], [], linestyle="none", label=f"{label}: {why}{count}{doubt}")
        return
    for kind, words in NOTHING.items():
        some = int((chosen["kind"] == kind).sum())
        count += f", {some} of them {words}" if some else ""
    chosen = usable
    for kind, (column, words) in BOUNDS.items():
        bound = chosen[chosen["kind"] == kind][column]
        if len(bound):
            text = f"{label}: {words} {bound.min():.0f} Mbit/s{count}{doubt}"
            axes.axhline(bound.min(), color=shade, linestyle=":", linewidth=1.5, label=text)
            return
    low, high = chosen["low_mbps"].mean(), chosen["high_mbps"].mean()
    text = f"{label}: {low:.0f}-{high:.0f} Mbit/s{count}{doubt}"
    # An edge: a narrow band would not be seen.
    axes.axhspan(low, high, facecolor=shade, edgecolor=shade, alpha=0.3, linewidth=1, label=text)
