"""Cells of profiles: pinning, workload and profiler."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vcperf.errors import suggest
from vcperf.planning.cell import Cell, Spec
from vcperf.planning.layout import Layout
from vcperf.planning.matrix import netperf, pingpong

PROCEDURE = 1  # see vcperf.planning.matrix.netperf


def cells(layout: Layout) -> Iterator[Cell]:
    """The cells of the section `profile`. Raises VcperfError as `planner.plan`."""
    section = layout.config["profile"]
    common: Spec = {"kind": "profile", "procedure": PROCEDURE, "profiler": _profiler(layout)}
    yield from _streams(layout, common)
    if "pingpong" in section and "pingpong" in layout.config:
        yield from _points(layout, common)


def _profiler(layout: Layout) -> dict[str, Any]:
    """What of a profiler decides a result."""
    section = layout.config["profile"]
    name = section["profiler"]
    host = layout.host
    if not host.profilers:
        where = " on hosts reached by ssh" if host.site is not None else ""
        layout.refuse(
            ("profile",),
            f"nothing profiles testbed {host.testbed}{where} yet; set this to null for this"
            " campaign",
        )
    if name not in host.profilers:
        layout.refuse(
            ("profile", "profiler"),
            f"{name} does not profile testbed {host.testbed}; take {' or '.join(host.profilers)}",
        )
    if name == "xenoprof":
        for domain in section["xenoprof"].get("passive", ()):
            _check_passive(layout, domain)
        return {"name": name, **section["xenoprof"]}
    own = {"name": name, **{option: section[option] for option in ("event", "frequency_hz")}}
    if host.site is not None and host.site.context["emulator_monitors"]:
        own["hypervisor"] = "emulator"  # samples the nodes too, which costs CPU time
    return own


def _check_passive(layout: Layout, domain: str) -> None:
    at = ("profile", "xenoprof", "passive", domain)
    if domain not in layout.node_of:
        layout.refuse(at, f"unknown domain '{domain}'" + suggest(domain, layout.node_of))
    if domain == layout.config["nodes"][layout.node_of[domain]]["dom0"]:
        layout.refuse(at, f"{domain} is the dom0 that starts the profile, so it is active")


def _sampled(layout: Layout, common: Spec, used: Sequence[str]) -> Spec:
    """What profiles have in common, of the passive domains those on the nodes that are used.

    Args:
        used: the domains in which something of ours runs: active ones.
    """
    profiler = dict(common["profiler"])
    passive = profiler.pop("passive", {})
    for domain in used:
        if domain in passive:
            layout.refuse(
                ("profile", "xenoprof", "passive", domain),
                f"the workload runs in {domain}, so it is active: a domain is active or passive,"
                " not both",
            )
    nodes = {layout.node_of[domain] for domain in used}
    there = {d: kernel for d, kernel in passive.items() if layout.node_of[d] in nodes}
    return {**common, "profiler": profiler | ({"passive": there} if there else {})}


def _streams(layout: Layout, common: Spec) -> Iterator[Cell]:
    """netperf on each path."""
    section = layout.config["profile"]
    for path in layout.paths("profile"):
        sampled = _sampled(layout, common, (path.sender, path.receiver))
        for index, size in enumerate(section["message_bytes"]):
            at = ("profile", "message_bytes", index)
            netperf.check_size(layout, at, section["test"], size)
            spec: Spec = {
                **sampled,
                "workload": "netperf",
                "workload_procedure": netperf.PROCEDURE,
                **path.spec,
                "test": section["test"],
                "message_bytes": size,
                "duration_s": section["duration_s"],
                "warmup_s": section["warmup_s"],
            }
            labels = {"workload": "netperf", "test": section["test"], "message_bytes": size}
            yield Cell(
                "profile",
                f"{path.sender}-{path.receiver}_{section['test']}_{size}",
                {**path.labels, **labels},
                section["blocks"],
                path.shared_cpus,
                spec,
            )


def _points(layout: Layout, common: Spec) -> Iterator[Cell]:
    """Ping-pongs of the section `pingpong`, each at the sizes A and B alone."""
    section = layout.config["profile"]
    wanted: dict[str, Any] = section["pingpong"]
    found = False
    for cell in pingpong.cells(layout):
        labels = cell.labels
        if labels["stack"] not in wanted["stacks"] or labels["load"] != wanted["load"]:
            continue
        found = True
        ranks = [*cell.spec["ranks"], *cell.spec.get("load", {}).get("ranks", ())]
        sampled = _sampled(layout, common, ranks)
        for point, size in wanted["points"].items():
            spec = {
                **cell.spec,
                **sampled,
                "workload": "pingpong",
                "workload_procedure": pingpong.PROCEDURE,
                "message_bytes": [size],
                "repetitions": wanted["repetitions"],
                "seconds": section["duration_s"],
            }
            named = {"workload": "pingpong", "point": point, "message_bytes": size}
            yield Cell(
                "profile",
                f"{cell.title}_{point}",
                {**labels, **named},
                section["blocks"],
                cell.shared_cpus,
                spec,
            )
    if not found:
        layout.refuse(
            ("profile", "pingpong"),
            f"the section pingpong has no cell of stack {', '.join(wanted['stacks'])} with load"
            f" {wanted['load']}; name what it measures, or set this to null",
        )


def seconds(spec: Spec) -> float:
    """About how long a block takes, and the reading of its samples."""
    if spec["workload"] == "netperf":
        return netperf.seconds(spec) + 1.5
    return pingpong.seconds(spec) + 1.5
