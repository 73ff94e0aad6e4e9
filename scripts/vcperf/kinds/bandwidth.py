"""Cells of available bandwidth and capacity: pinning, path and method."""

from __future__ import annotations

from collections.abc import Iterator

from vcperf.cell import Cell, Spec
from vcperf.layout import Layout

PROCEDURE = 1  # see vcperf.kinds.netperf


def cells(layout: Layout) -> Iterator[Cell]:
    """The cells of the section `bandwidth`. Raises VcperfError as `vcperf.campaign.plan`."""
    section = layout.config["bandwidth"]
    for path in layout.paths("bandwidth"):
        for method in section["methods"]:
            spec: Spec = {
                "kind": "bandwidth",
                "procedure": PROCEDURE,
                **path.spec,
                "method": method,
                "duration_s": section["duration_s"][method],
            }
            if method in section.get("programs", {}):
                spec["programs"] = section["programs"][method]
            yield Cell(
                "bandwidth",
                f"{path.sender}-{path.receiver}_{method}",
                {**path.labels, "method": method},
                section["blocks"],
                path.shared_cpus,
                spec,
            )


def seconds(spec: Spec) -> float:
    """About how long a block takes, at most."""
    return float(spec["duration_s"]) + 0.4
