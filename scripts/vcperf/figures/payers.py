"""Who pays for traffic: the CPU time that 10^9 bytes cost, by whose it is, a bar per cell."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vcperf.figures import ends
from vcperf.figures.style import PALETTE, RC, SUBTITLE, ran_on, several, together
from vcperf.kinds.cpu_parts import COST, ENDS, THREADS
from vcperf.tables import columns

Row = Mapping[Any, Any]
"""A row of netperf_summary."""
CELL = ["testbed", "test", "pinning", "path", "streams", "load"]
ROW = 0.34  # inches of a bar
HIGH = 0.62  # of a bar, in terms of its row
CHARACTERS = 17  # of the subtitle, an inch
FARTHEST = 1.6  # an interval up to here, in terms of the longest bar, has room
BYTES_PER_MBIT = 1e6 / 8
# Payer -> colour; the host is what is left of the whole.
SENDER, RECEIVER, HOST = "VCPUs of the sending guest", "VCPUs of the receiving guest", "host"
NAMES = {
    "emulator_cpu_percent": "QEMU's emulator",
    "iothreads_cpu_percent": "I/O threads",
    "vhost_cpu_percent": "vhost",
}
PAYERS = dict(zip([SENDER, RECEIVER, *NAMES.values(), HOST], PALETTE, strict=False))


def draw(tables: Mapping[str, pd.DataFrame], hosts: Collection[str]) -> Figure:
    """Draw the shares of `cpu_s_per_gbyte` of each cell's largest message size.

    Args:
        tables: netperf_summary.
        hosts: the domains that are hosts, not guests.

    Returns a figure with one bar per testbed, test, pinning and path, whose parts are means over
    blocks and whose whole has its 95 % interval.
    """
    summary = tables["netperf_summary"]
    known = summary[summary[f"{COST}_mean"].notna()]
    largest = known.sort_values("message_bytes").groupby(CELL, sort=False).tail(1).sort_index()
    rows = largest.to_dict("records")
    with rc_context(RC):
        drawing = Figure(figsize=(9, 2 + ROW * max(len(rows), 3)), layout="constrained")
        drawing.text(0.01, 0.99, "Who pays for traffic", va="top", fontsize=12, weight="bold")
        subtitle = textwrap.fill(_subtitle(largest), int(CHARACTERS * drawing.get_figwidth()))
        drawing.suptitle(f"\n\n{subtitle}", x=0.01, ha="left", **SUBTITLE)
        axes = drawing.add_subplot()
        axes.grid(False, axis="y")
        axes.set_axisbelow(True)
        if not rows:
            text = "No block of a stream has an account of its hosts."
            axes.text(0.02, 0.95, text, va="top", color="#444", transform=axes.transAxes)
            axes.set_axis_off()
            return drawing
        _bars(axes, rows, hosts)
        axes.set_xlabel(columns.of(COST).axis)
        handles, labels = axes.get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside lower left", ncols=3, fontsize=9)
    return drawing


def parts(row: Row, hosts: Collection[str]) -> dict[str, float]:
    """Who pays how much of a cell's cost, seconds per 10^9 bytes: one entry for each of PAYERS."""
    bytes_per_s = row["throughput_mbps_mean"] * BYTES_PER_MBIT

    def seconds(column: str) -> float:
        percent = row[f"{column}_mean"]
        return 0.0 if pd.isna(percent) else float(percent / 100 * 1e9 / bytes_per_s)

    found = dict.fromkeys(PAYERS, 0.0)
    for end, payer in zip(ENDS, (SENDER, RECEIVER), strict=True):
        if row[end] in hosts:  # all of its time is the host's
            continue
        found[payer] = seconds(f"{end}_domain_cpu_percent")
        for column in THREADS.values():
            found[NAMES[column]] += seconds(f"{end}_{column}")
    found[HOST] = max(0.0, float(row[f"{COST}_mean"]) - sum(found.values()))
    return found


def _bars(axes: Axes, rows: Sequence[Row], hosts: Collection[str]) -> None:
    """A bar per row, the first on top, with the interval of the whole."""
    longest = max(float(row[f"{COST}_mean"]) for row in rows)
    room = [longest, *(float(row[f"{COST}_ci_high"]) for row in rows)]
    limit = min(FARTHEST * longest, 1.05 * max(x for x in room if not pd.isna(x)))
    paid: dict[str, list[float]] = {payer: [] for payer in PAYERS}
    for row in rows:
        for payer, seconds in parts(row, hosts).items():
            paid[payer].append(seconds)
    left = [0.0] * len(rows)
    for payer, color in PAYERS.items():
        if not any(paid[payer]):
            continue
        axes.barh(range(len(rows)), paid[payer], HIGH, left, color=color, label=payer)
        left = [a + b for a, b in zip(left, paid[payer], strict=True)]
    for y, row in enumerate(rows):
        low, high = float(row[f"{COST}_ci_low"]), float(row[f"{COST}_ci_high"])
        ends.across(axes, y, (low, high), (0.0, limit), "#222222", "{:.3g}")
    axes.set_xlim(0, limit)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    several_testbeds = len({row["testbed"] for row in rows}) > 1
    axes.set_yticks(range(len(rows)), [_name(row, several_testbeds) for row in rows], fontsize=8)


def _name(row: Row, with_testbed: bool) -> str:
    """What a bar is of."""
    also = together(pd.DataFrame([row]))
    size = int(row["message_bytes"])
    named = [str(row["testbed"])] * with_testbed
    named += [f"{row['pinning']} {row['path']}", row["test"], several(size, size, "byte"), *also]
    return ", ".join(named)


def _subtitle(rows: pd.DataFrame) -> str:
    """What was measured, and what a bar is."""
    if not len(rows):
        return "nothing measured"
    counts = rows["blocks"]
    return "; ".join(
        [
            *ran_on(rows),
            "CPU time of both ends, of what works for them and of their hosts, other programs there"
            f" included; mean and its 95 % interval, {several(counts.min(), counts.max())}",
        ]
    )
