"""Cells of netperf: pinning, path, test, message size, number of streams and load."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from vcperf.config.files import KeyPath
from vcperf.planning.cell import Cell, Spec
from vcperf.planning.layout import Layout

# Raised by hand when a change to vcperf.measure makes older records incomparable:
# it is part of every spec, so that all are measured again.
PROCEDURE = 2

UDP_MAX_BYTES = 65507  # IPv4's 65535 less the IP and UDP headers


NO_LOAD = "none"
LOAD_BYTES = 65536  # of a send of the load


def cells(layout: Layout) -> Iterator[Cell]:
    """The cells of the section `netperf`. Raises VcperfError as `planner.plan`."""
    section = layout.config["netperf"]
    _check_factors(layout)
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
                for streams, load in _factors(section, test):
                    options, suffix = _options(section, test, streams, load)
                    yield Cell(
                        "netperf",
                        f"{path.sender}-{path.receiver}_{test}_{size}{suffix}",
                        {
                            **path.labels,
                            "test": test,
                            "message_bytes": size,
                            "streams": streams,
                            "load": load,
                        },
                        layout.config["blocks"],
                        path.shared_cpus,
                        spec | options,
                    )


def _check_factors(layout: Layout) -> None:
    """Refuse streams of a test that has one only, and a load that nothing is measured beside."""
    section = layout.config["netperf"]
    for index, streams in enumerate(section.get("streams", ())):
        if streams > 1 and "UDP_STREAM" in section["tests"]:
            layout.refuse(
                ("netperf", "streams", index),
                f"{streams}: UDP_STREAM has one stream, as netperf tells during a run what was"
                " sent, not what arrived; measure UDP streams by iperf3, or leave one of both out",
            )
    for index, load in enumerate(section.get("loads", ())):
        if load != NO_LOAD and not any(test.endswith("RR") for test in section["tests"]):
            layout.refuse(
                ("netperf", "loads", index),
                f"{load}: loads are for request-response tests; add TCP_RR to netperf.tests",
            )


def _factors(section: Mapping[str, Any], test: str) -> Iterator[tuple[int, str]]:
    """Numbers of streams and loads of a test; a stream is measured without a load."""
    loads = section.get("loads", [NO_LOAD]) if test.endswith("RR") else [NO_LOAD]
    yield from itertools.product(section.get("streams", [1]), loads)


def _options(
    section: Mapping[str, Any], test: str, streams: int, load: str
) -> tuple[dict[str, Any], str]:
    """What a spec says of streams, load and percentiles, and what its title says of them.
    Percentiles of several streams cannot be joined, so they are of one."""
    options: dict[str, Any] = {}
    suffix = ""
    if streams > 1:
        options["streams"] = streams
        suffix += f"_{streams}-streams"
    if load != NO_LOAD:
        options["load"] = {"test": load, "message_bytes": LOAD_BYTES}
        suffix += f"_beside-{load}"
    if section.get("percentiles") and test.endswith("RR") and streams == 1:
        options["percentiles"] = True
    return options, suffix


def check_size(layout: Layout, at: KeyPath, test: str, size: int) -> None:
    """Refuse a message size that a test cannot send at once."""
    if test.startswith("UDP") and size > UDP_MAX_BYTES:
        layout.refuse(at, f"{size}: {test} sends at most {UDP_MAX_BYTES} bytes at once")


def seconds(spec: Spec) -> float:
    """About how long a block takes."""
    return float(spec["duration_s"] + spec["warmup_s"]) + 0.4
