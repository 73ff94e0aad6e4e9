"""The MPI ping-pong on one virtual cluster, while EP may load another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vcperf.kinds.card import Card, Claimable, Drawing, Options, Summary

METRICS = ("latency_us",)


def _summaries(options: Options) -> Iterator[Summary]:
    yield Summary(
        "mpi_summary",
        "analysis.latency:tables",
        ("pingpong", "ep"),
        ("pingpong_summary", "pingpong_programs", "ep_summary", "anomalies", "points"),
        ("points", "target_percent"),
    )


def _drawings(cells: Sequence[Any], options: Options) -> Iterator[Drawing]:
    curves = ("pingpong_summary", "anomalies", "points")
    yield Drawing("latency_load", "figures.latency:load", curves)
    yield Drawing("latency_stacks", "figures.latency:stacks", ("pingpong_summary",))
    yield Drawing("ep", "figures.latency:ep", ("ep_summary",))


def metric_of(labels: Mapping[str, Any]) -> str:
    """The metric that every cell is about."""
    return METRICS[0]


CARD = Card(
    name="pingpong",
    section="pingpong",
    place=3,
    tables=("pingpong", "ep"),
    labels=("pinning", "path", "stack", "program", "load"),
    metrics=METRICS,
    metric_of=metric_of,
    values={"program": ("pingpong", "IMB-MPI1", "osu_latency"), "load": ("none", "ep")},
    claims=(
        Claimable(
            "pingpong",
            "pingpong",
            ("testbed", "pinning", "stack", "program", "load"),
            METRICS,
            ("anomalies",),
        ),
    ),
    summaries=_summaries,
    drawings=_drawings,
)
