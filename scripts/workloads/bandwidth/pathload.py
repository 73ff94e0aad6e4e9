"""pathload: the range of the available bandwidth, by self-loading periodic streams."""

from bandwidth import bucket, pacing, search, trends, wire

IDLE_STREAMS = 9  # stream durations between streams
STREAM_S = 0.024  # cross traffic has no even rate over less
FEWEST_PACKETS, MOST_PACKETS = 100, 400
LINK_SHARE = 0.09  # of the first rate, on average
# With fewer there is no estimate: three fleets that agree at once.
FEWEST_STREAMS = 3 * trends.UNANIMOUS
WITHIN = "within_bucket"
# By whether the low and the high end are known. Of a path whose streams all left or arrived
# badly, on a busy host say, nothing is known: that is a result, not a fault.
KINDS = {
    (True, True): "range",
    (True, False): "lower_bound",
    (False, True): "upper_bound",
    (False, False): "inconclusive",
}


class Settings:
    """packets a stream (0: by its rate), streams a fleet, largest payload (bytes), duration_s."""

    def __init__(self, packets=0, streams=12, largest=wire.LARGEST, duration_s=18.0):
        self.packets, self.streams, self.largest = packets, streams, largest
        self.duration_s = duration_s


def estimate(session, settings):
    """Measure over an open Session; returns the record, ready for JSON.

    Raises ProbeError when the path lets nothing through.
    """
    return _Estimate(session, settings).run()


class _Estimate:
    def __init__(self, session, settings):
        self.session, self.settings = session, settings
        self.fleets = []
        self.short_gap_s = 0.0
        self.coalesced = False

    def run(self):
        self.found = bucket.find(self.session, self.settings.largest)
        self.first_mbps = self.found.first_mbps
        if self.found.train:
            times = [when for _, when in self.found.train.in_order()[1:]]
            self.short_gap_s = self.found.gap_s / 2
            self.coalesced = trends.coalesced(times, self.short_gap_s)
        self.shortest_s = self.session.choose_pacing(pacing.shortest_spacing_s(self.found.gap_s))
        fastest = 8e-6 * (self.settings.largest + wire.HEADERS) / self.shortest_s
        seek = search.Search(self.first_mbps, fastest, self.found.limited)
        if self.found.inside or not self._can_empty(seek.rate):
            seek.done = WITHIN
        while not seek.done:
            if self._out_of_time():
                seek.done = "time"
                break
            verdict = self._fleet(seek.rate)
            if verdict is None:
                seek.done = "time"
            else:
                seek.take(verdict)
        return self._record(seek, fastest)

    def _out_of_time(self):
        return self.session.elapsed_s() >= self.settings.duration_s

    def _can_empty(self, rate_mbps):
        """Whether there is time for streams that each empty the bucket first."""
        if not self.found.bucket_bytes:
            return True
        count, payload, _ = self._shape(rate_mbps)
        size = self.found.lead * (self.settings.largest + wire.HEADERS)
        size += count * (payload + wire.HEADERS)
        left_s = self.settings.duration_s - self.session.elapsed_s()
        return FEWEST_STREAMS * 8e-6 * size <= LINK_SHARE * self.first_mbps * left_s

    def _shape(self, rate_mbps):
        """(packets, payload bytes, spacing s) of a stream."""
        payload, spacing_s = search.stream_shape(rate_mbps, self.shortest_s, self.settings.largest)
        count = self.settings.packets
        if not count:
            count = max(FEWEST_PACKETS, min(MOST_PACKETS, int(STREAM_S / spacing_s)))
        return count, payload, spacing_s

    def _pause(self, stream_s):
        """Let the queue drain, and keep to the share of the link."""
        pause_s = max(IDLE_STREAMS * stream_s, self.session.rtt_s)
        if self.first_mbps:
            paid_s = 8 * self.session.bytes_sent / (LINK_SHARE * self.first_mbps * 1e6)
            pause_s = max(pause_s, paid_s - self.session.elapsed_s())
        self.session.pause(min(pause_s, self.settings.duration_s - self.session.elapsed_s()))

    def _fleet(self, rate_mbps):
        """Send a fleet, keep its record; its verdict, or None when the time ran out."""
        count, payload, spacing_s = self._shape(rate_mbps)
        planned, streams = self.settings.streams, []
        verdict = None
        stream_s = spacing_s * count
        if stream_s > search.LONGEST_STREAM_S:
            verdict = trends.UNUSABLE
        while verdict is None and len(streams) < 2 * planned and not self._out_of_time():
            self._pause(stream_s)
            if self._out_of_time():
                break
            streams.append(self._stream(count, payload, spacing_s))
            usable = [s["trend"] for s in streams if not s["discarded"]]
            losses = [s["loss"] for s in streams if not s["discarded"]]
            verdict = trends.fleet_verdict(usable, losses, planned)
        if verdict is None and not self._out_of_time():
            verdict = trends.last_verdict(usable, planned)
        self.fleets.append(
            {
                "rate_mbps": round(rate_mbps, 4),
                "payload_bytes": payload,
                "packets": count,
                "spacing_us": round(spacing_s * 1e6, 3),
                "verdict": verdict or "cut short",
                "streams": streams,
            }
        )
        return verdict

    def _stream(self, count, payload, spacing_s):
        stream = self.session.send(
            count, payload, spacing_s, self.found.lead, self.settings.largest
        )
        why = stream.doubt or pacing.fault(stream.sent, spacing_s)
        if stream.stepped:
            why = "the receiver's clock stepped"
        delays = stream.delays()
        if self.coalesced:
            times = [when for _, when in stream.in_order()]
            delays = [delays[i] for i in trends.last_of_bursts(times, self.short_gap_s)]
            trend, pct, pdt = trends.classify_each(delays)
            why = why or ("" if pct is not None else "arrived in too few bursts")
        else:
            trend, pct, pdt = trends.classify(delays)
            why = why or ("" if pct is not None or stream.loss > 0 else "too short")
        return {
            "trend": trend,
            "pct": None if pct is None else round(pct, 3),
            "pdt": None if pdt is None else round(pdt, 3),
            "loss": round(stream.loss, 4),
            "discarded": why,
        }

    def _record(self, seek, fastest):
        session = self.session
        told = (seek.low is not None, seek.high is not None)
        if told == (True, False) and self.first_mbps:
            # A long train went on at that rate: a faster stream was inside a bucket.
            seek.low = min(seek.low, self.first_mbps)
        elapsed_s = session.elapsed_s()
        return {
            "method": "pathload",
            "kind": WITHIN if seek.done == WITHIN else KINDS[told],
            "low_mbps": _rounded(seek.low),
            "high_mbps": _rounded(seek.high),
            "grey_low_mbps": _rounded(seek.grey_low),
            "grey_high_mbps": _rounded(seek.grey_high),
            "stopped": seek.done,
            "elapsed_s": round(elapsed_s, 3),
            "pacing": session.pacing,
            "pacing_max_mbps": round(fastest, 1),
            "priority": session.priority,
            "time_stamps": session.stamps,
            "coalesced": self.coalesced,
            "train_mbps": _rounded(self.first_mbps),
            "bucket_bytes": self.found.bucket_bytes,
            "bytes_sent": session.bytes_sent,
            "probing_mbps": round(8e-6 * session.bytes_sent / elapsed_s, 4),
            "rtt_s": round(session.rtt_s, 6),
            "fleets": self.fleets,
        }


def _rounded(value):
    return None if value is None else round(value, 3)
