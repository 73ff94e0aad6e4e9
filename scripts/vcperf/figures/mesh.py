"""A mesh as a heat map: sender by receiver, with the pairs and nodes that stand out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vcperf.analysis.mesh import ALL, FASTER, OPEN, SLOWER
from vcperf.figures.style import RC, SUBTITLE, several, several_names, wrapped
from vcperf.tables import columns

MOST_LABELS = 40  # nodes, of which the axes have the names
MOST_NAMED = 6  # pairs or nodes, in words
COLOURS = {SLOWER: "#D55E00", FASTER: "#009E73"}  # of the palette; on viridis, with a white rim
MISSING = "#cccccc"


def draw(
    tables: Mapping[str, pd.DataFrame], mesh: Mapping[str, Any], unusual: Sequence[str] = ()
) -> Figure:
    """Draw one mesh.

    Args:
        tables: the table mesh.
        mesh: what names its rows: column -> value.
        unusual: what else is to be said of its cells.
    """
    rows = tables["mesh"]
    for column, value in mesh.items():
        rows = rows[rows[column].astype(str) == str(value)]
    pairs = rows[(rows["sender"] != ALL) & (rows["receiver"] != ALL)]
    nodes = sorted({*pairs["sender"], *pairs["receiver"]})
    size = min(9.0, 4.4 + 0.12 * len(nodes))
    with rc_context({**RC, "axes.grid": False}):
        drawing = Figure(figsize=(size + 1.0, size + 1.2), layout="constrained")
        axes = drawing.add_subplot()
        metric = columns.of(str(rows["metric"].iloc[0]))
        _map(drawing, axes, pairs, nodes, metric.axis)
        _colour_names(axes, rows)
        what = f"{mesh['test']}, {mesh['message_bytes']} bytes"
        title = f"{', '.join([what, *unusual])}: each node to each other"
        drawing.suptitle(title, x=0.01, ha="left", weight="bold")
        said = "\n".join(wrapped(line, int(13 * size), "  ") for line in _words(rows, pairs))
        axes.set_title(said, loc="left", **SUBTITLE)
    return drawing


def _map(drawing: Figure, axes: Axes, pairs: pd.DataFrame, nodes: list[str], label: str) -> None:
    """The map itself, its axes and legend."""
    place = {node: index for index, node in enumerate(nodes)}
    values = np.full((len(nodes), len(nodes)), np.nan)
    across, down = pairs["receiver"].map(place), pairs["sender"].map(place)
    values[down, across] = pairs["median"]
    axes.set_facecolor(MISSING)
    image = axes.imshow(values, cmap="viridis", interpolation="nearest")
    drawing.colorbar(image, ax=axes, shrink=0.8, label=label)
    area = (260 / max(8, len(nodes))) ** 2
    marks = []
    for verdict, colour in COLOURS.items():
        chosen = (pairs["verdict"] == verdict).to_numpy()
        if chosen.any():
            at = across[chosen], down[chosen]
            axes.scatter(*at, s=area, marker="s", facecolor="none", edgecolor="white", linewidth=3)
            axes.scatter(*at, s=area, marker="s", facecolor="none", edgecolor=colour, linewidth=1.8)
            marks.append(_mark("s", colour, f"{verdict} than its nodes explain"))
    undecided = (pairs["verdict"] == OPEN).to_numpy()
    if undecided.any():
        axes.scatter(across[undecided], down[undecided], s=area / 40, color="white", linewidth=0)
        marks.append(_mark("o", "#888888", "open"))
    if marks:
        drawing.legend(handles=marks, loc="outside lower left", ncols=3, fontsize=8)
    shown = range(len(nodes)) if len(nodes) <= MOST_LABELS else []
    axes.set_xticks(shown, [nodes[i] for i in shown], rotation=90, fontsize=7)
    axes.set_yticks(shown, [nodes[i] for i in shown], fontsize=7)
    axes.set_xlabel("receiver")
    axes.set_ylabel("sender")
    axes.spines[:].set_visible(False)


def _colour_names(axes: Axes, rows: pd.DataFrame) -> None:
    """Colour the names of nodes that stand out."""
    for labels, end, other in (
        (axes.get_yticklabels(), "sender", "receiver"),
        (axes.get_xticklabels(), "receiver", "sender"),
    ):
        verdicts = rows[rows[other] == ALL].set_index(end)["verdict"]
        for label in labels:
            colour = COLOURS.get(verdicts.get(label.get_text(), ""))
            if colour:
                label.set(color=colour, weight="bold")


def _mark(marker: str, colour: str, label: str) -> Line2D:
    size = 4 if marker == "o" else 8
    face = colour if marker == "o" else "none"
    return Line2D(
        [], [], linestyle="", marker=marker, color=colour, markerfacecolor=face, markersize=size,
        label=label,
    )  # fmt: skip


def _words(rows: pd.DataFrame, pairs: pd.DataFrame) -> list[str]:
    """What stands out, in words; what is open; what it rests on."""
    found = rows[rows["verdict"].isin([SLOWER, FASTER])].sort_values("effect_percent")
    named = [f"{_name(row)} {row['effect_percent']:+.0f} %" for row in found.to_dict("records")]
    lines = [f"stand out: {several_names(named, MOST_NAMED)}" if named else "nothing stands out"]
    undecided = int((rows["verdict"] == OPEN).sum())
    if undecided:
        lines.append(f"{undecided} of {len(rows)} pairs and nodes are open (mesh.csv says why)")
    low, high = int(pairs["blocks"].min()), int(pairs["blocks"].max())
    medians = f"medians of {several(low, high)} per pair"
    return [*lines, f"{medians}; {'; '.join(sorted(set(rows['platform'])))}"]


def _name(row: Mapping[Any, Any]) -> str:
    """A pair, or a node as sender or receiver."""
    if row["receiver"] == ALL:
        return f"{row['sender']} as sender"
    if row["sender"] == ALL:
        return f"{row['receiver']} as receiver"
    return f"{row['sender']}->{row['receiver']}"
