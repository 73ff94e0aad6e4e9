"""Cells of netperf: pinning, path, test and message size."""

from __future__ import annotations

from collections.abc import Iterator

from vcperf.config.files import KeyPath
from vcperf.planning.cell import Cell, Spec
from vcperf.planning.layout import Layout

# Raised by hand when a change to vcperf.measure makes older records incomparable:
# it is part of every spec, so that all are measured again.
PROCEDURE = 2

UDP_MAX_BYTES = 65507  # IPv4's 65535 less the IP and UDP headers


def cells(layout: Layout) -> Iterator[Cell]:
    """The cells of the section `netperf`. Raises VcperfError as `planner.plan`."""
    section = layout.config["netperf"]
    for path in layout.paths("netperf"):
        for test in section["tests"]:
            for index, size in enumerate(section["message_bytes"]):
                check_size(layout, ("netperf", "message_bytes", index), test, size)
                spec: Spec = {
                    "kind": "netperf",
                    "procedure": PROCEDURE,
                    **path.spec,
                    "test": test,
                    "message_bytes": size,
                    "duration_s": section["duration_s"],
                    "warmup_s": section["warmup_s"],
                }
                for option in ("socket_buffers", "congestion_control"):
                    if option in section:
                        spec[option] = section[option]
                if section.get("percentiles") and test.endswith("RR"):
                    spec["percentiles"] = True
                yield Cell(
                    "netperf",
                    f"{path.sender}-{path.receiver}_{test}_{size}",
                    {**path.labels, "test": test, "message_bytes": size},
                    layout.config["blocks"],
                    path.shared_cpus,
                    spec,
                )


def check_size(layout: Layout, at: KeyPath, test: str, size: int) -> None:
    """Refuse a message size that a test cannot send at once."""
    if test.startswith("UDP") and size > UDP_MAX_BYTES:
        layout.refuse(at, f"{size}: {test} sends at most {UDP_MAX_BYTES} bytes at once")


def seconds(spec: Spec) -> float:
    """About how long a block takes."""
    return float(spec["duration_s"] + spec["warmup_s"]) + 0.4
