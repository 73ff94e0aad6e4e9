"""Cells of iperf3: pinning, path, protocol, mode, number of streams and message size."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from vcperf.planning.cell import Cell, Spec
from vcperf.planning.layout import Layout

PROCEDURE = 1  # raised by hand when older records become incomparable
UDP_BYTES = range(16, 65508)  # iperf3's own header; IPv4's 65535 less the IP and UDP headers


def cells(layout: Layout) -> Iterator[Cell]:
    """The cells of the section `iperf3`. Raises VcperfError as `planner.plan`."""
    section = layout.config["iperf3"]
    factors = list(itertools.product(*(section[key] for key in ("protocols", "modes", "streams"))))
    for path in layout.paths("iperf3"):
        for protocol, mode, streams in factors:
            for index, size in enumerate(section["message_bytes"]):
                if protocol == "UDP" and size not in UDP_BYTES:
                    layout.refuse(
                        ("iperf3", "message_bytes", index),
                        f"{size}: a UDP datagram of iperf3 has {UDP_BYTES.start} to"
                        f" {UDP_BYTES.stop - 1} bytes",
                    )
                spec: Spec = {
                    "kind": "iperf3",
                    "procedure": PROCEDURE,
                    **path.spec,
                    "protocol": protocol,
                    "mode": mode,
                    "streams": streams,
                    "message_bytes": size,
                    "duration_s": section["duration_s"],
                    "warmup_s": section["warmup_s"],
                }
                if protocol == "UDP":
                    spec["udp_mbps"] = section.get("udp_mbps", 0)
                labels = {
                    "pinning": path.labels["pinning"],
                    "path": path.labels["path"],
                    "protocol": protocol,
                    "mode": mode,
                    "streams": streams,
                    "message_bytes": size,
                }
                title = f"{path.sender}-{path.receiver}_{protocol}_{mode}_{streams}_{size}"
                blocks = layout.config["blocks"]
                yield Cell("iperf3", title, labels, blocks, path.shared_cpus, spec)


def seconds(spec: Spec) -> float:
    """About how long a block takes, in seconds."""
    return float(spec["duration_s"] + spec["warmup_s"]) + 0.6
