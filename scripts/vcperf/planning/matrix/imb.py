"""Cells of IMB-MPI1's other benchmarks: those of the ping-pong, a benchmark each."""

from __future__ import annotations

from collections.abc import Iterator

from vcperf.planning.cell import Cell
from vcperf.planning.layout import Layout
from vcperf.planning.matrix import pingpong


def cells(layout: Layout) -> Iterator[Cell]:
    """The benchmarks of the section `pingpong` but PingPong itself.

    Raises VcperfError as `planner.plan`.
    """
    section = layout.config["pingpong"]
    for index, benchmark in enumerate(section["benchmarks"]):
        if benchmark == pingpong.PINGPONG:
            continue
        found = False
        if pingpong.IMB in section["programs"]:
            for cell in pingpong.laid_out(layout, benchmark):
                found = True
                yield cell
        if not found:
            layout.refuse(
                ("pingpong", "benchmarks", index),
                f"{benchmark} is a benchmark of {pingpong.IMB} alone: have that among"
                " pingpong.programs, and a stack on which it runs",
            )


seconds = pingpong.seconds
