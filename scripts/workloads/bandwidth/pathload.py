"""pathload: the range of the available bandwidth, by self-loading periodic streams."""

from bandwidth import pacing, search, trends, wire

TRAIN = 50  # packets, and one ahead of them that wakes what sleeps
IDLE_STREAMS = 9  # stream durations between streams
STREAM_S = 0.024  # cross traffic has no even rate over less
FEWEST_PACKETS, MOST_PACKETS = 100, 400
LINK_SHARE = 0.09  # of the first rate, on average
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
        self.first_mbps = None
        self.shortest_s = 7e-6

    def run(self):
        self._send_train()
        self.shortest_s = self.session.choose_pacing(self.shortest_s)
        fastest = 8e-6 * (self.settings.largest + wire.HEADERS) / self.shortest_s
        seek = search.Search(self.first_mbps, fastest)
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

    def _send_train(self):
        """The first rate: how fast a back-to-back train arrives; shorter after losses."""
        for count in (TRAIN, 35, 20, 5, 3):
            train = self.session.send(count + 1, self.settings.largest)
            gaps = sorted(b - a for a, b in zip(train.sent, train.sent[1:]))
            self.shortest_s = pacing.shortest_spacing_s(train.sent)
            times = [when for _, when in train.in_order()[1:]]
            if train.stepped or train.loss > 0 or times[-1] <= times[0]:
                continue
            self.short_gap_s = gaps[len(gaps) // 2] / 2
            self.coalesced = trends.coalesced(times, self.short_gap_s)
            self.first_mbps = train.bits * (len(times) - 1) / (times[-1] - times[0]) / 1e6
            return

    def _pause(self, stream_s):
        """Let the queue drain, and keep to the share of the link."""
        pause_s = max(IDLE_STREAMS * stream_s, self.session.rtt_s)
        if self.first_mbps:
            paid_s = 8 * self.session.bytes_sent / (LINK_SHARE * self.first_mbps * 1e6)
            pause_s = max(pause_s, paid_s - self.session.elapsed_s())
        self.session.pause(min(pause_s, self.settings.duration_s - self.session.elapsed_s()))

    def _fleet(self, rate_mbps):
        """Send a fleet, keep its record; its verdict, or None when the time ran out."""
        payload, spacing_s = search.stream_shape(rate_mbps, self.shortest_s, self.settings.largest)
        planned, streams = self.settings.streams, []
        verdict = None
        count = self.settings.packets
        if not count:
            count = max(FEWEST_PACKETS, min(MOST_PACKETS, int(STREAM_S / spacing_s)))
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
        stream = self.session.send(count, payload, spacing_s)
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
        elapsed_s = session.elapsed_s()
        return {
            "method": "pathload",
            "kind": KINDS[told],
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
            "bytes_sent": session.bytes_sent,
            "probing_mbps": round(8e-6 * session.bytes_sent / elapsed_s, 4),
            "rtt_s": round(session.rtt_s, 6),
            "fleets": self.fleets,
        }


def _rounded(value):
    return None if value is None else round(value, 3)
