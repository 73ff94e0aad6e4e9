"""The rate of a link between two nodes of one machine: a token bucket, by tc's tbf.

A bucket lets packets pass at the speed of the CPUs until it is empty. So it must be small against
what the estimators of bandwidth send. But tbf waits for a timer of the kernel, and the bucket has
to last until it fires: with a smaller one the link is slower than its rate. docs/testbeds.md has
the measurement.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

TIMER_S = 128e-6  # by which the kernel's timers may be late
TWO_FRAMES = 3200  # bytes: of one, tbf sends none until the bucket is full again
FAST_MBPS = 1000
# Bytes; one large segment as TSO and GRO make them. On a busy host timers are later than TIMER_S,
# which costs a fast link a third of its rate.
FAST_BUCKET = 65536
LATENCY_S = 0.02  # what waits longer is dropped


def bucket_bytes(mbps: float) -> int:
    """The bucket of a link of this rate (10^6 bit/s).

    >>> bucket_bytes(23), bucket_bytes(500), bucket_bytes(1000)
    (3200, 8000, 65536)
    """
    if mbps >= FAST_MBPS:
        return FAST_BUCKET
    return max(TWO_FRAMES, round(mbps * 1e6 / 8 * TIMER_S))


def spec_of(section: Mapping[str, Any]) -> dict[str, Any]:
    """What decides how nodes are joined, for specs.

    Args:
        section: the testbed's section of the configuration: `link_mbps`, where the link is shaped.

    Returns `link_mbps`, and `link_bucket_bytes` where it is not FAST_BUCKET: every bucket once was,
    and the specs of fast links stay as they were.
    """
    if "link_mbps" not in section:
        return {}
    mbps = section["link_mbps"]
    bucket = bucket_bytes(mbps)
    return {"link_mbps": mbps} | ({} if bucket == FAST_BUCKET else {"link_bucket_bytes": bucket})


def bucket_of(spec: Mapping[str, Any]) -> tuple[int, int, float]:
    """The token bucket of a spec that has a rate: bits per second, bytes that it holds, and the
    seconds that a packet waits at most.

    >>> bucket_of({"link_mbps": 500, "link_bucket_bytes": 8000})
    (500000000, 8000, 0.02)
    """
    bits_per_s = round(spec["link_mbps"] * 1e6)
    return bits_per_s, spec.get("link_bucket_bytes", FAST_BUCKET), LATENCY_S


def lines(spec: Mapping[str, Any], devices: list[str]) -> list[str]:
    """Lines for `tc -batch` that shape what leaves by these devices, as a spec says; none where it
    says nothing."""
    if "link_mbps" not in spec:
        return []
    bits_per_s, bucket, latency_s = bucket_of(spec)
    shape = f"root tbf rate {bits_per_s}bit burst {bucket} latency {latency_s * 1000:g}ms"
    return [f"qdisc add dev {device} {shape}" for device in devices]
