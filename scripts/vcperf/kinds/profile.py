"""Profiles: every domain of a node sampled while netperf or a ping-pong runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vcperf.kinds import netperf
from vcperf.kinds.card import Card, Claimable, Drawing, Options, Summary

# What campaigns start. A profile may hold any other program too, so only what looks like a
# slip in one of these is refused.
APPS = ("netperf", "netserver", "ep", "mpiexec", "pingpong", "IMB-MPI1", "osu_latency")
TABLES = ("applications", "images", "symbols", "cost", "differences")


def _emulated(cells: Sequence[Any]) -> bool:
    """Whether nodes are sampled from outside as well: shares of their CPU time are known then."""
    return any("hypervisor" in cell.spec["profiler"] for cell in cells)


def _stacked(cells: Sequence[Any]) -> bool:
    """Whether the profiler keeps call stacks."""
    return any(cell.spec["profiler"]["name"] == "perf" for cell in cells)


def _tables_of(cells: Sequence[Any], tables: tuple[str, ...]) -> tuple[str, ...]:
    known = {"profile_nodes": _emulated(cells), "profile_stacks": _stacked(cells)}
    return tuple(name for name in tables if known.get(name, True))


def _summaries(options: Options) -> Iterator[Summary]:
    yield Summary(
        "profile_summary",
        "analysis.profile_tables:tables",
        ("profile", "profile_blocks"),
        tuple(f"profile_{name}" for name in TABLES),
    )


def _drawings(cells: Sequence[Any], options: Options) -> Iterator[Drawing]:
    workloads = {cell.labels["workload"] for cell in cells}
    if "netperf" in workloads:
        yield Drawing(
            "profile_images", "figures.profiles:images", ("profile_cost", "profile_blocks")
        )
    if "pingpong" in workloads:
        yield Drawing(
            "profile_points", "figures.profiles:points", ("profile_differences", "profile_blocks")
        )
    for cell in cells:
        if _stacked([cell]) and cell.name in options["measured"]:
            testbed = cell.spec["testbed"]
            title = f"{testbed}_{cell.labels['pinning']}_{cell.title}"
            yield Drawing(
                f"flame_{title}",
                "figures.flame:draw",
                ("profile_stacks", "profile_blocks"),
                {"labels": {"testbed": testbed, **cell.labels}, "title": title},
                ("svg", "folded"),
            )
    if _emulated(cells):
        yield Drawing(
            "profile_nodes", "figures.profiles:nodes", ("profile_nodes", "profile_blocks")
        )


CARD = Card(
    name="profile",
    section="profile",
    place=5,
    tables=("profile_blocks", "profile", "profile_stacks", "profile_nodes"),
    labels=(
        *("pinning", "path", "sender", "receiver", "test", "message_bytes"),
        *("stack", "program", "load", "workload", "point"),
    ),
    values={"app": APPS},
    claims=(
        Claimable(
            "profile",
            "profile_applications",
            (
                *("testbed", "pinning", "path", "stack", "program", "point"),
                *("domain", "app", "image"),
            ),
            ("samples", "percent"),
        ),
    ),
    tools_of=lambda cell: netperf.TOOLS if cell.labels["workload"] == "netperf" else {},
    tables_of=_tables_of,
    summaries=_summaries,
    drawings=_drawings,
)
