"""Cells of available bandwidth and capacity: pinning, path and method."""

from __future__ import annotations

from collections.abc import Iterator

from vcperf.planning.cell import Cell, Spec
from vcperf.planning.layout import Layout

PROCEDURE = 1  # see vcperf.planning.matrix.netperf
SOURCE = "2"  # of scripts/workloads/bandwidth, see vcperf.planning.matrix.pingpong
OWN_S = 60  # a minute, or several on a slow path


def cells(layout: Layout) -> Iterator[Cell]:
    """The cells of the section `bandwidth`. Raises VcperfError as `planner.plan`."""
    section = layout.config["bandwidth"]
    for path in layout.paths("bandwidth"):
        for method in section["methods"]:
            spec: Spec = {
                "kind": "bandwidth",
                "procedure": PROCEDURE,
                **path.spec,
                "method": method,
            }
            if method in section.get("programs", {}):
                spec["programs"] = section["programs"][method]
            else:
                spec |= {"duration_s": section["duration_s"][method], "source": SOURCE}
            yield Cell(
                "bandwidth",
                f"{path.sender}-{path.receiver}_{method}",
                {**path.labels, "method": method},
                section["blocks"],
                path.shared_cpus,
                spec,
            )


def seconds(spec: Spec) -> float:
    """About how long a block takes; a site's own programs know no limit."""
    return float(spec.get("duration_s", OWN_S)) + 0.4
