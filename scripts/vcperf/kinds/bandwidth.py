"""Estimates of a path's available bandwidth and capacity."""

from __future__ import annotations

from vcperf.kinds.card import Card

CARD = Card(
    name="bandwidth",
    section="bandwidth",
    place=2,
    tables=("bandwidth",),
    labels=("pinning", "path", "sender", "receiver", "method"),
    values={"method": ("pathload", "pathrate")},
)
