"""A path through a token bucket, in made-up time: what the estimators' Session offers."""

from __future__ import annotations

import random
from collections.abc import Iterable

from bandwidth.session import Stream

HEADERS, FRAME = 28, 14  # bytes


class ShapedSession:
    """Packets leave, pass the bucket or wait in its queue, and arrive.

    Args:
        mbps: the bucket's rate, of IP bits.
        bucket_bytes: its size.
        sender_mbps: how fast packets leave back to back.
        queue_s: what would wait longer than this and what the bucket takes to fill is dropped, as
            by tbf.
        jitter_s: of arrivals.
        naps: numbers of streams in whose middle the sender is off its CPU for 3 ms.
    """

    name, pacing, priority, stamps, buffer = "there:1", "busy wait", "normal", "kernel", 1 << 24

    def __init__(
        self,
        mbps: float,
        bucket_bytes: int,
        sender_mbps: float = 2000,
        queue_s: float = 0.02,
        jitter_s: float = 2e-6,
        naps: Iterable[int] = (),
    ):
        self.rate, self.size = mbps * 1e6, 8 * bucket_bytes
        self.gap_s = 8 * 1500 / (sender_mbps * 1e6)
        self.queue_s = queue_s + self.size / self.rate
        self.jitter_s, self.naps = jitter_s, set(naps)
        self.rng = random.Random(1)
        self.rtt_s, self.bytes_sent, self.streams = 1e-4, 0, 0
        self.clock_s = self.filled_s = self.free_s = 0.0
        self.tokens = float(self.size)

    def elapsed_s(self) -> float:
        return self.clock_s

    def pause(self, seconds: float) -> None:
        self.clock_s += max(0.0, seconds)

    def choose_pacing(self, spacing_s: float) -> float:
        return spacing_s

    def _passes(self, at_s: float, bits: int) -> float | None:
        """When a packet that comes at a time leaves the bucket; None when it is dropped."""
        start = max(at_s, self.free_s)
        if start - at_s > self.queue_s:
            return None
        tokens = min(self.size, self.tokens + (start - self.filled_s) * self.rate)
        left = max(start, start + (bits - tokens) / self.rate)
        self.tokens = min(self.size, tokens + (left - start) * self.rate) - bits
        self.filled_s = self.free_s = left
        return left

    def send(self, count, payload, spacing_s=0.0, lead=0, lead_payload=1472) -> Stream:
        """See bandwidth.session."""
        self.streams += 1
        sent, arrivals, last = [], [], 0.0
        for number in range(-lead, count):
            size = lead_payload if number < 0 else payload
            spaced = spacing_s if number >= 0 and spacing_s else self.gap_s
            self.clock_s += spaced
            if self.streams in self.naps and number == count // 2:
                self.clock_s += 3e-3
            self.bytes_sent += size + HEADERS
            left = self._passes(self.clock_s, 8 * (size + HEADERS))
            if number >= 0:
                sent.append(self.clock_s)
            if left is not None:
                last = max(last, left + abs(self.rng.gauss(0, self.jitter_s)))
                if number >= 0:
                    arrivals.append((number, last))
        self.clock_s = max(self.clock_s, last) + self.rtt_s
        return Stream(payload, sent, arrivals, False)
