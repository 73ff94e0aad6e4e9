"""pathrate: the capacity of the narrow link, by the dispersion of pairs and trains."""

from bandwidth import bucket, modes, trends, wire
from bandwidth.errors import ProbeError

LONGEST_TRAIN = 50
FAST = 10  # by the steady rate beyond a bucket
LONG = 32  # packets that a batch does not swallow whole
SENDER_SHARE = 0.9  # a train that left nearly as spread as it arrived tells of its sender
SMOOTH = 0.05  # coefficient of variation that needs no phases
PAIR_SIZES, SMALLEST_PAIR = 40, 572
BOUND_SHARE = 0.1  # of the longest trains that are slower than a lower bound
PRELIMINARY_S, PAIRS_S, TRAINS_S = 0.25, 0.6, 0.9  # shares of the duration


class Settings:
    """pairs and long trains wanted, the largest payload (bytes), duration_s."""

    def __init__(self, pairs=400, trains=30, largest=wire.LARGEST, duration_s=13.0):
        self.pairs, self.trains, self.largest = pairs, trains, largest
        self.duration_s = duration_s


def estimate(session, settings):
    """Measure over an open Session; returns the record, ready for JSON.

    Raises ProbeError when the path gives no estimate at all.
    """
    return _Estimate(session, settings).run()


def capacity(pairs, adr_mbps, width):
    """(mode or None, modes): the strongest mode of the pairs that reaches above the ADR.

    Args:
        pairs: rates of pairs, Mbit/s.
        adr_mbps: asymptotic dispersion rate; the capacity is not below it.
        width: of a bin, Mbit/s.
    """
    found = modes.local_modes(pairs, width)
    above = [mode for mode in found if mode.high >= adr_mbps]
    return (max(above, key=lambda mode: mode.merit) if above else None), found


class _Estimate:
    def __init__(self, session, settings):
        self.session, self.settings = session, settings
        self.rejected = {"loss": 0, "sender": 0, "clock": 0, "batch": 0}
        self.sent = 0
        self.sender_gaps = []
        self.longest = 2
        self.rates = {}  # packets -> rates of all whole trains, whoever limited them
        self.batched = False  # long trains arrived in batches

    def run(self):
        self.found = bucket.find(self.session, self.settings.largest)
        return self._of_bucket() or self._of_trains()

    def _of_trains(self):
        """The record of short trains where they agree, else of pairs."""
        longest = self.longest = self._longest_train()
        first = self._many(PRELIMINARY_S, list(range(2, min(longest, 10) + 1)) * 7)
        bound = self._bound()
        if bound:
            return bound
        if len(first) < 10:
            return self._of_few()
        width = modes.bin_width(first)
        kept = modes.trimmed(first, 5)
        if modes.variation(kept) < SMOOTH:
            return self._record(
                "capacity", modes.mean(kept), width, "all trains agree", first=len(first)
            )
        return self._of_pairs({"first": len(first)})

    def _of_few(self):
        """The record where hardly any train told of the path."""
        if 2 * (self.rejected["sender"] + self.rejected["batch"]) > self.sent:
            return self._lower_bound("most trains came together")
        if self.found.bucket_bytes:
            return self._record("within_bucket", None, None, "no time to empty the bucket")
        raise ProbeError(f"{self.session.name}: too few whole trains arrived")

    def _of_pairs(self, counts):
        """The record of pairs of many sizes, which show modes, and of long trains."""
        step = (self.settings.largest - SMALLEST_PAIR) / (PAIR_SIZES - 1.0)
        sizes = [SMALLEST_PAIR + int(i * step) for i in range(PAIR_SIZES)]
        wanted = [sizes[i % PAIR_SIZES] for i in range(self.settings.pairs)]
        pairs = self._many(PAIRS_S, [2] * len(wanted), wanted)
        bound = self._bound()
        if bound:
            return bound
        if len(pairs) < max(20, self.sent / 10):
            return self._lower_bound("too few whole pairs arrived")
        trains = self._many(TRAINS_S, [self.longest] * self.settings.trains)
        if not trains:
            raise ProbeError(f"{self.session.name}: no whole train arrived")
        adr = modes.mean(modes.trimmed(trains, len(trains) // 10))
        width = modes.bin_width(pairs)
        mode, found = capacity(pairs, adr, width)
        counts = {**counts, "pairs": len(pairs), "trains": len(trains)}
        told = "a mode of the pairs" if mode else "the asymptotic dispersion rate"
        return self._record(
            "capacity", mode.centre if mode else adr, width, told, adr, found, **counts
        )

    def _of_bucket(self):
        """The record where trains met a token bucket that lets packets pass much faster than its
        rate, or None. Cross traffic then hardly gets between them: the steady rate is the capacity.
        """
        found = self.found
        if found.inside:
            why = "the longest train does not leave the bucket"
            return self._record("within_bucket", None, None, why)
        if not found.bucket_bytes or found.fast_mbps < FAST * found.first_mbps:
            return None
        told = "the steady rate beyond a token bucket"
        width = modes.bin_width(found.steady)
        return self._record("capacity", found.first_mbps, width, told, trains=len(found.steady))

    def _longest_train(self):
        """The longest train that gets through whole, by doubling from two packets."""
        longest = 0
        for count in (2, 4, 8, 16, 32, LONGEST_TRAIN):
            if count == 2 or count <= 2 * longest:
                lost = self.rejected["loss"]
                self._train(count)
                self._train(count)
                longest = count if self.rejected["loss"] < lost + 2 else longest
        return max(longest, 2)

    def _train(self, count, payload=None):
        """The rate (Mbit/s) of a train of `count` packets after leading ones, or None."""
        payload = payload or self.settings.largest
        stream = self.session.send(count, payload, 0.0, self.found.lead, self.settings.largest)
        self.sent += 1
        pause_s = max(0.005, 2 * self.session.rtt_s, 2 * count * stream.bits * 1e-8)
        if self.found.bucket_bytes:  # which is full again before the next train
            pause_s = max(pause_s, 8e-6 * self.found.bucket_bytes / self.found.first_mbps)
        self.session.pause(pause_s)
        times = [when for _, when in stream.in_order()]
        if len(times) < count:
            self.rejected["loss"] += 1
            return None
        if stream.stepped:
            self.rejected["clock"] += 1
            return None
        self.sender_gaps += [b - a for a, b in zip(stream.sent, stream.sent[1:])]
        left_s, arrived_s = stream.sent[-1] - stream.sent[0], times[-1] - times[0]
        short_s = 0.5 * left_s / (count - 1)
        rate = stream.bits * (count - 1) / arrived_s / 1e6 if arrived_s > 0 else None
        if rate:
            self.rates.setdefault(count, []).append(rate)
        if not rate or trends.coalesced(times, short_s):
            self.rejected["batch"] += 1
            self.batched = self.batched or count >= LONG
            return None
        if left_s > SENDER_SHARE * arrived_s:
            self.rejected["sender"] += 1
            return None
        return rate

    def _many(self, until, counts, payloads=None):
        """Rates of trains, as many of `counts` as the share `until` of the time allows."""
        rates = []
        for i, count in enumerate(counts):
            if self.session.elapsed_s() > until * self.settings.duration_s:
                break
            rate = self._train(count, payloads[i] if payloads else None)
            if rate is not None:
                rates.append(rate)
        return rates

    def _bound(self):
        """A lower bound when most trains told of the sender or of batches, else None.

        Pairs overstate it: what stops a link or a receiver for a moment sends two packets on
        together, however far apart the link put them. Of long trains that shortens but few by much,
        and cross traffic can but spread them: the slow ones are no faster than the capacity.
        """
        limited = self.rejected["sender"] + self.rejected["batch"]
        if 2 * limited < self.sent or (self.found.limited and not self.batched):
            return None
        why = "packets come in batches" if self.batched else "the path is no slower than the sender"
        return self._lower_bound(why)

    def _lower_bound(self, why):
        """The rate that most of the longest trains exceed."""
        self._many(TRAINS_S, [self.longest] * self.settings.trains)
        rates = self.rates.get(self.longest)
        if not rates:
            raise ProbeError(f"{self.session.name}: no whole train arrived")
        bound = sorted(rates)[int(BOUND_SHARE * len(rates))]
        if self.found.first_mbps:  # of a train so long that a bucket could not hide all of it
            bound = min(bound, self.found.first_mbps)
        return self._record("lower_bound", bound, None, why, trains=len(rates))

    def _record(self, kind, mbps, width, told_by, adr=None, found=(), **counts):
        session = self.session
        elapsed_s = session.elapsed_s()
        half = (width or 0.0) / 2
        gap_s = trends.median(self.sender_gaps) if self.sender_gaps else None
        fastest = gap_s and 8e-6 * (self.settings.largest + wire.HEADERS) / gap_s
        return {
            "method": "pathrate",
            "kind": kind,
            "mbps": mbps and round(mbps, 3),
            "low_mbps": mbps and round(mbps - half, 3),
            "high_mbps": round(mbps + half, 3) if kind == "capacity" else None,
            "bucket_bytes": self.found.bucket_bytes,
            "resolution_mbps": width and round(width, 3),
            "told_by": told_by,
            "adr_mbps": adr and round(adr, 3),
            "modes": [mode.record() for mode in found],
            "elapsed_s": round(elapsed_s, 3),
            "pacing": "back to back",
            "pacing_max_mbps": fastest and round(fastest, 1),
            "priority": session.priority,
            "time_stamps": session.stamps,
            "bytes_sent": session.bytes_sent,
            "probing_mbps": round(8e-6 * session.bytes_sent / elapsed_s, 4),
            "rtt_s": round(session.rtt_s, 6),
            "trains_sent": self.sent,
            "trains_used": counts,
            "trains_rejected": self.rejected,
        }
