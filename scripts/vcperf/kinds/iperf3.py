"""iperf3: throughput of one path, with several streams and in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vcperf.kinds import cpu_parts, netperf, stand_in
from vcperf.kinds.card import Card, Claimable, Drawing, Options, Summary

METRICS = (
    "sent_mbps",
    "received_mbps",
    "retransmits",
    "jitter_ms",
    "lost_percent",
    "sender_process_cpu_percent",
    "receiver_process_cpu_percent",
    "sender_domain_cpu_percent",
    "receiver_domain_cpu_percent",
    "congestion_window_bytes",
    "trend_percent",
    *cpu_parts.PARTS,
)
SUMMARY = "iperf3_summary"
SELECTORS = (
    "testbed",
    "pinning",
    "path",
    "sender",
    "receiver",
    "protocol",
    "mode",
    "direction",
    "streams",
)


def _summaries(options: Options) -> Iterator[Summary]:
    estimates = ("bandwidth",) if "bandwidth" in options["kinds"] else ()
    yield Summary(
        SUMMARY,
        "analysis.iperf3:tables",
        ("iperf3", "plan", *estimates),
        (SUMMARY,),
        ("target_percent",),
    )
    if options["stand_in"]:
        yield from _in_place_of_netperf(options, ("iperf3", *estimates))
    if "netperf" in options["kinds"]:
        yield Summary(
            "tools",
            "analysis.throughput_tools:tables",
            ("iperf3", "netperf", *estimates),
            ("tools",),
            ("target_percent",),
        )


def _in_place_of_netperf(options: Options, inputs: tuple[str, ...]) -> Iterator[Summary]:
    yield Summary(
        "iperf3_curves", "analysis.stand_in:curves", inputs, (stand_in.CURVES,), ("target_percent",)
    )
    if options["baseline"]:
        yield Summary(
            "overhead",
            "analysis.stand_in:ratios",
            inputs,
            ("overhead",),
            ("baseline", "target_percent"),
        )


def _drawings(cells: Sequence[Any], options: Options) -> Iterator[Drawing]:
    yield Drawing("iperf3", "figures.iperf3:draw", (SUMMARY,))
    if options["stand_in"]:
        named = [stand_in.named_as_netperf(cell) for cell in cells]
        yield from netperf.drawings(named, options, stand_in.CURVES)


CARD = Card(
    name="iperf3",
    section="iperf3",
    place=6,
    tables=("iperf3",),
    # Not `sender` and `receiver`: which domain sends is known of a direction, and a cell may have
    # both.
    labels=("pinning", "path", "protocol", "mode", "streams", "message_bytes"),
    metrics=METRICS,
    values={
        "protocol": ("TCP", "UDP"),
        "mode": ("forward", "reverse", "bidirectional"),
        "direction": ("forward", "reverse"),
    },
    claims=(Claimable("iperf3", "iperf3", SELECTORS, METRICS, ("bandwidth",)),),
    tools={"iperf3": "iperf3 (Debian: apt install iperf3)"},
    reach=("protocol",),
    summaries=_summaries,
    drawings=_drawings,
)
