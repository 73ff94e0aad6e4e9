"""Two campaigns as a figure: the effect of every cell, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from vcperf.analysis.compare import CELL, CHANGED, FEW, LEAST_PERCENT, SAME, words
from vcperf.figures import ends
from vcperf.figures.style import HANDLERS, RC, SUBTITLE, hollow_marks, several_names, why_hollow

STYLES = {CHANGED: ("X", "#D55E00"), SAME: ("o", "#009E73"), FEW: ("s", "#777777")}
ROW = 0.2  # inches
WIDEST = 100  # percent


def draw(changes: pd.DataFrame, a: str, b: str, differ: Sequence[str] = ()) -> Figure:
    """Draw a comparison.

    Args:
        changes: of `vcperf.analysis.compare.compare`.
        a, b: names of the campaigns.
        differ: the settings of hosts that differ between them, in words.
    """
    with rc_context(RC):
        drawing = Figure(figsize=(9, 1.4 + ROW * max(len(changes), 3)), layout="constrained")
        axes = drawing.add_subplot()
        numbers = changes[["low_percent", "high_percent", "effect_percent"]]
        extent = float(numbers.abs().max().max()) if len(changes) else 0.0
        limit = min(float(WIDEST), max(3.0 * LEAST_PERCENT, 1.1 * extent))
        axes.axvspan(-LEAST_PERCENT, LEAST_PERCENT, color="#eeeeee", zorder=0)
        axes.axvline(0, color="#999999", linewidth=1, zorder=1)
        for y, row in enumerate(changes.to_dict("records")):
            marker, color = STYLES[str(row["verdict"])]
            names = ("low", "high", "effect")
            low, high, effect = (float(row[f"{name}_percent"]) for name in names)
            form = "{:+.0f} %" if abs(effect) <= limit else f"{effect:+.0f} % (to {{:+.0f}} %)"
            ends.across(axes, y, (low, high), (-limit, limit), color, form)
            effect = min(max(effect, -limit), limit)
            face = "white" if isinstance(row["why"], str) and row["why"] else color
            axes.plot(effect, y, marker, color=color, markerfacecolor=face, clip_on=False, zorder=3)
        for verdict, (marker, color) in STYLES.items():
            number = int((changes["verdict"] == verdict).sum())
            axes.plot([], [], marker, linestyle="-", color=color, label=f"{verdict}: {number}")
        doubtful = changes[changes["why"].fillna("") != ""]
        shapes = [STYLES[verdict][0] for verdict in doubtful["verdict"].unique()]
        hollow: Any = {reason: hollow_marks(shapes) for reason in why_hollow(changes)}
        # What all cells have in common would only lengthen the labels.
        naming = [c for c in CELL if changes[c].nunique() > 1] or CELL
        labels = [words(list(row), naming) for row in changes[CELL].to_numpy()]
        axes.set_yticks(range(len(changes)), labels, fontsize=8)
        axes.set_ylim(len(changes) - 0.4, -0.6)
        axes.set_xlim(-limit, limit)
        axes.grid(False, axis="y")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:+.0f} %" if v else "0"))
        axes.set_xlabel(f"B against A, with its 95 % interval (grey: below {LEAST_PERCENT} %)")
        drawing.suptitle("Campaign B against campaign A", x=0.01, ha="left", weight="bold")
        subtitle = f"A: {a}\nB: {b}"
        if differ:
            subtitle += f"\nSettings differ: {several_names(differ)}"
        axes.set_title(subtitle, loc="left", **SUBTITLE)
        handles, legend = axes.get_legend_handles_labels()
        drawing.legend(
            [*handles, *hollow.values()],
            [*legend, *hollow],
            loc="outside lower center",
            ncols=4,
            fontsize=8,
            handler_map=HANDLERS,
        )
    return drawing
