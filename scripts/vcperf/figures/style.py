"""What all figures have in common: colours, markers, the line below the title, and saving."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from vcperf.basics.files import write_whole

# Okabe and Ito's palette: distinguishable with any common colour blindness.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
SUBTITLE: Any = {"fontsize": 8, "color": "#444444"}
NOTE_INCHES, NOTE_COLOUR = 0.24, "#9A3A00"
SHARED = "the nodes share CPUs"
# For legends with an entry of several marks.
HANDLERS: Any = {tuple: HandlerTuple(ndivide=None, pad=0.5)}
# Column -> what is said below a figure where it is `yes`.
OF_CPUS = {
    "shared_cpus": SHARED,
    "shared_cores": "pins share physical cores",
    "numa_crossed": "pins cross NUMA nodes",
}

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
    "text.parse_math": False,  # a $ in a title or a label is a dollar, not a formula
}
# Without the date and versions, which would make two drawings of one table differ.
METADATA: dict[str, Any] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


def save(drawing: Figure, paths: Iterable[str], note: str = "") -> None:
    """Write a figure in the format of each path's ending: svg or png. Raises VcperfError when the
    disk refuses.

    Args:
        note: what holds for all of a campaign, in a line of its own below the figure.
    """
    width, height = drawing.get_size_inches()
    below = NOTE_INCHES if note else 0
    if note:
        place: Any = {"x": 0.01, "y": -0.75 * below / height, "va": "bottom"}
        drawing.text(s=note, fontsize=9, color=NOTE_COLOUR, weight="bold", **place)
        drawing.draw_without_rendering()  # so that all has its place
        drawing.set_layout_engine("none")
        for legend in drawing.legends:  # else it moves to the place of the note
            legend.set_bbox_to_anchor((0, 0, 1, 1), transform=drawing.transFigure)
    area = Bbox.from_bounds(0, -below, width, height + below) if note else None
    with rc_context(RC):
        for path in paths:
            ending = path.rpartition(".")[2]
            with write_whole(path, "wb") as file:
                drawing.savefig(
                    file, format=ending, dpi=150, metadata=METADATA[ending], bbox_inches=area
                )


def ran_on(cells: pd.DataFrame) -> list[str]:
    """What cells ran on, as parts of a sentence: platforms with their testbeds, and what is to
    be known of their CPUs.

    Args:
        cells: rows with `platform` and `testbed`, and as a rule the columns of OF_CPUS.
    """
    named = cells[["platform", "testbed"]].drop_duplicates().itertuples(index=False)
    return [", ".join(f"{row.platform} ({row.testbed})" for row in named), *of_cpus(cells)]


def of_cpus(cells: pd.DataFrame) -> list[str]:
    """What of OF_CPUS holds for any of some cells."""
    return [
        words for name, words in OF_CPUS.items() if name in cells and (cells[name] == "yes").any()
    ]


def together(cells: pd.DataFrame) -> list[str]:
    """What ran at the same time, where all cells have it in common: several streams, and a load.

    Args:
        cells: rows of netperf, with `streams` and `load`.
    """
    streams, loads = set(cells["streams"]), set(cells["load"])
    parts = [f"{count} streams" for count in streams if len(streams) == 1 and count != "1"]
    return parts + [f"beside {load}" for load in loads if len(loads) == 1 and load != "none"]


def why_hollow(cells: pd.DataFrame) -> list[str]:
    """Why points of figures are hollow: the reasons of doubtful cells, as a part of a sentence.

    Args:
        cells: rows with `why`, as `vcperf.analysis.doubts.why` says it; several are joined by `; `.
    """
    known = cells["why"].dropna() if "why" in cells else ()
    reasons = sorted({one for text in known for one in str(text).split("; ") if one})
    return [f"hollow: unstable ({', '.join(reasons)})"] if reasons else []


def hollow_marks(markers: Collection[str]) -> tuple[Line2D, ...]:
    """What a legend shows for hollow points: each of their markers once, hollow.

    Args:
        markers: those of hollow points that are drawn, in any order, of MARKERS.
    """
    return tuple(
        Line2D([], [], linestyle="", marker=marker, color="#666666", markerfacecolor="white")
        for marker in MARKERS
        if marker in markers
    )


def wrapped(text: str, characters: int, indent: str = "") -> str:
    """A text in lines of so many characters, those after the first indented."""
    return textwrap.fill(text, characters, subsequent_indent=indent)


def several_names(names: Sequence[str], most: int = 4) -> str:
    """Names with commas, the first ones where they are many.

    >>> several_names(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def several(low: int, high: int, noun: str = "block") -> str:
    """A count, or a range of counts, with its noun.

    >>> several(1, 1), several(3, 5)
    ('1 block', '3-5 blocks')
    """
    return f"{low if low == high else f'{low}-{high}'} {noun}{'s' if high > 1 else ''}"
