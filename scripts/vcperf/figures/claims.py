"""Claims as a figure: one row per part, with effect, interval, the study's value, verdict.

Words of verdicts are strong where the platform is the one that the claim is about, and `agrees
here` and `differs here` elsewhere (`vcperf.analysis.verdicts`).
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter

from vcperf.analysis.sides import SHARED
from vcperf.analysis.verdicts import AT_LEAST, AT_MOST
from vcperf.figures import ends
from vcperf.figures.style import HANDLERS, RC, hollow_marks, why_hollow

COLOURS = {
    "supported": "#009E73",
    "agrees here": "#56B4E9",
    "contradicted": "#D55E00",
    "differs here": "#E69F00",
    "open": "#777777",
}
MARKERS = {
    "supported": "o",
    "agrees here": "P",
    "contradicted": "X",
    "differs here": "D",
    "open": "s",
}
STUDY = "#0072B2"
WIDEST = 120  # percent; what lies beyond is drawn at the edge, its number beside it
CHARACTERS = 78  # of a label's line
ROW = 0.24  # inches
WIDE, MOST_LINES = 66, 3  # characters and lines of a verdict
PAD = 0.1  # inches between the labels and the figure's edge


def draw(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the table claims: one group per claim, in it one row per part."""
    claims = tables["claims"]
    with rc_context(RC):
        labels: list[tuple[float, str, bool]] = []
        rows: list[tuple[float, Mapping[Any, Any]]] = []
        at = 0.0
        for row in claims.to_dict("records"):
            if row["part"] == 1:
                lines = textwrap.wrap(f"{row['claim']}: {row['states']}", CHARACTERS)
                labels.append((at + len(lines) / 2, "\n".join(lines), True))
                at += len(lines) + 0.6
            text = textwrap.wrap(str(row["says"]), CHARACTERS)
            height = max(len(text), 1 + _in_words(row).count("\n"))
            labels.append((at + height / 2 - 0.5, "\n".join(text), False))
            rows.append((at + height / 2 - 0.5, row))
            at += height
        layout = ConstrainedLayoutEngine(w_pad=PAD)
        drawing = Figure(figsize=(12, 1.2 + ROW * (at + 1)), layout=layout)
        axes = drawing.add_subplot()
        axes.set_yticks([y for y, _, _ in labels], [text for _, text, _ in labels], fontsize=8)
        for tick, (_, _, heading) in zip(axes.get_yticklabels(), labels, strict=True):
            if heading:
                tick.set_fontweight("bold")
        _rows(axes, rows, claims)
        axes.set_ylim(at, -0.2)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(False, axis="y")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:+.0f} %" if x else "0"))
        axes.set_xlabel("Effect and its 95 % interval")
        drawing.suptitle(_heading(claims), x=0.01, ha="left", weight="bold")
        platforms = claims["platform"].dropna().astype(str)
        ran_on = "; ".join(dict.fromkeys(name.removesuffix(SHARED) for name in platforms))
        ran_on += SHARED if platforms.str.endswith(SHARED).any() else ""
        under = "; ".join([ran_on or "nothing measured", *why_hollow(claims)])
        axes.set_title(under, loc="right", fontsize=8)
        _legend(drawing, axes, claims)
    return drawing


def _rows(axes: Axes, rows: list[tuple[float, Mapping[Any, Any]]], claims: pd.DataFrame) -> None:
    numbers = claims[["effect_percent", "low_percent", "high_percent", "thesis_percent"]]
    extent = numbers.apply(pd.to_numeric).abs().max(axis=None)
    limit = 50.0 if math.isnan(extent) else min(WIDEST, max(50.0, 1.1 * extent))
    axes.set_xlim(-limit, limit)
    axes.axvline(0, color="#999999", linewidth=1, zorder=1)
    for y, row in rows:
        verdict = str(row["part_verdict"])
        names = ("effect", "low", "high", "thesis")
        effect, low, high, study = (_number(row, name) for name in names)
        if row["bound"] == AT_LEAST:
            high = math.inf
        elif row["bound"] == AT_MOST:
            low = -math.inf
        ends.across(axes, y, (low, high), (-limit, limit), COLOURS[verdict])
        if not math.isnan(effect):
            doubtful = isinstance(row["why"], str) and row["why"] != ""
            axes.plot(
                min(max(effect, -limit), limit),
                y,
                MARKERS[verdict],
                color=COLOURS[verdict],
                markerfacecolor="white" if doubtful else COLOURS[verdict],
                clip_on=False,
                zorder=3,
            )
        if not math.isnan(study):
            at = min(max(study, -limit), limit)
            axes.plot(at, y, "|", color=STUDY, markersize=13, markeredgewidth=2, zorder=4)
        axes.annotate(
            _in_words(row),
            (1, y),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=COLOURS[verdict],
        )
        if row["part"] == 1:
            whole = str(row["verdict"])
            axes.annotate(
                whole,
                (1, y - 1.05),
                xycoords=("axes fraction", "data"),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
                weight="bold",
                color=COLOURS[whole],
            )


def _number(row: Mapping[Any, Any], name: str) -> float:
    value = row[f"{name}_percent"]
    return float("nan") if value is None else float(value)


def _in_words(row: Mapping[Any, Any]) -> str:
    effect, study = _number(row, "effect"), _number(row, "thesis")
    text = str(row["part_verdict"])
    if not math.isnan(effect):
        bound = f"{row['bound']} " if isinstance(row["bound"], str) and row["bound"] else ""
        text += f": {bound}{effect:+.1f} %"
    if not math.isnan(study):
        text += f" (thesis {study:+.1f} %)"
    if text.startswith("open") and isinstance(row["missing"], str):
        text += f"; {row['missing']}"
    return "\n".join(textwrap.wrap(text, WIDE)[:MOST_LINES])


def _heading(claims: pd.DataFrame) -> str:
    """What was held against what."""
    about = sorted(set(claims["about"].dropna()))
    testbeds = {t for text in claims["platform"].dropna() for t in re.findall(r"\((\w+)\)", text)}
    if not about:
        return "What this campaign says of the claims"
    heading = f"Claims about {' and '.join(about)}"
    return f"{heading}, held against {' and '.join(sorted(testbeds))}" if testbeds else heading


def _legend(drawing: Figure, axes: Axes, claims: pd.DataFrame) -> None:
    given = {*claims["part_verdict"], *claims["verdict"]}
    for verdict, marker in MARKERS.items():
        if verdict in given:
            axes.plot([], [], marker, linestyle="-", color=COLOURS[verdict], label=verdict)
    if claims["thesis_percent"].notna().any():
        how: Any = {"linestyle": "", "markersize": 13, "markeredgewidth": 2}
        axes.plot([], [], marker="|", color=STUDY, label="the thesis's value", **how)
    found, labels = axes.get_legend_handles_labels()
    handles: list[Any] = list(found)
    doubtful = claims[claims["why"].fillna("") != ""]
    if len(doubtful):
        handles.append(hollow_marks([MARKERS[one] for one in doubtful["part_verdict"].unique()]))
        labels.append("hollow: a doubtful cell")
    drawing.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=5,
        fontsize=8,
        handler_map=HANDLERS,
    )
