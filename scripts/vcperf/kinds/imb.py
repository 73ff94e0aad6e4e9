"""IMB-MPI1's other benchmarks, on the virtual cluster of the ping-pong."""

from __future__ import annotations

from vcperf.kinds.card import Card

CARD = Card(
    name="imb",
    section="pingpong",
    place=4,
    tables=("imb",),
    labels=("pinning", "stack", "program", "load", "benchmark"),
)
