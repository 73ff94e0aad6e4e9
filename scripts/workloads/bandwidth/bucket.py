"""Token buckets: a train that begins fast and goes on at a steady, lower rate has met one.

A token bucket of B bytes lets B bytes pass at whatever speed they come, and everything after that
at its rate. So a train tells nothing of the rate until it has emptied the bucket.
"""

from bandwidth import trends, wire

TRAIN = 50  # packets, and one ahead of them that wakes what sleeps
SHORTER = (35, 20, 5, 3)  # where too few of them arrive
LONGEST = 3200  # packets; a bucket of more than 4 MB is not seen
PACKET_MEMORY = 4608  # bytes of the receiver's buffer that a packet takes, at most
FAST_S, SLOW_S = 0.1, 1.0  # after one that lasts longer, in a bucket or beyond, no train is sent
LONGEST_PAUSE_S = 2.0  # for a bucket to become full again
FEWEST = 8  # arrivals that show a rate
TAIL_SHARE = 1 / 3.0  # of a train, at its end, where its rate is taken
EMPTY_SHARE = 0.5  # of a train; if the bucket takes more, a longer one is sent
SLOWED = 0.85  # by the rate that a tail left at: slower than that, the path limits it
EVEN = 0.75  # by the tail's rate: its end is as fast
LEAST_PACKETS = 2.0  # ahead of the steady rate; less is the first packet's own delay
# Of the packets up to the knee, ahead of the steady rate: a third faster than that. Cross traffic
# varies by less.
FASTER = 0.25
STEADY, ALIKE = 0.05, 0.25  # by which trains' rates may differ, and what goes ahead of them
SPARE_PACKETS = 3  # more than the bucket takes; also of a path without: they wake what sleeps
TRIES = 3


class Shape:
    """What one train shows.

    steady_mbps: the rate of its tail. ahead_bits: what passed before that beyond the steady rate.
    knee: packets until then. fast_mbps: their rate. limited: whether the train left faster than its
    tail arrived. even: whether its end is no slower than its tail. clear: whether it began so fast
    that a bucket explains it. filled: the share of the train until the knee.
    """

    def __init__(self, steady_mbps, times, bits, limited):
        """From when the packets of a train arrived (s), `bits` each."""
        self.steady_mbps, self.limited = steady_mbps, limited
        first = _tail(times)
        rate = steady_mbps * 1e6
        ahead = [rank * bits - rate * (when - times[0]) for rank, when in enumerate(times)]
        least = min(ahead[:first])
        start = ahead.index(least)
        level = self.ahead_bits = trends.median(ahead[first:]) - least
        ranks = range(start, len(times))
        self.knee = next(rank for rank in ranks if ahead[rank] - least >= 0.95 * level)
        fast_bits = (self.knee - start) * bits
        self.clear = level > max(LEAST_PACKETS * bits, FASTER * fast_bits)
        self.fast_mbps = steady_mbps / max(1e-3, 1 - level / fast_bits) if self.clear else None
        self.filled = float(self.knee) / len(times)
        last = max(4, (len(times) - first) // 3)
        self.even = bits * last >= EVEN * rate * (times[-1] - times[-1 - last])

    def is_like(self, rate_mbps, ahead_bits):
        """Whether it shows a bucket of that rate and size."""
        steady = abs(self.steady_mbps / rate_mbps - 1) <= STEADY
        return steady and abs(self.ahead_bits / ahead_bits - 1) <= ALIKE


def _tail(times):
    """The rank of the first packet of a train's tail."""
    return int(len(times) * (1 - TAIL_SHARE))


def shape(sent, arrivals, bits):
    """The Shape of a back-to-back train, or None when too little of it arrived.

    Args:
        sent: when each packet left, s.
        arrivals: (number, s) in order. What a full queue dropped is not there: the others come at
            the rate of the link all the same.
        bits: of a packet.
    """
    if len(arrivals) < FEWEST:
        return None
    times = [when for _, when in arrivals]
    first = _tail(times)
    window = max(1, (len(times) - first) // 4)
    took_s = trends.median([b - a for a, b in zip(times[first:], times[first + window :])])
    if took_s <= 0:
        return None
    rate = bits * window / took_s
    number, last = arrivals[first][0], arrivals[-1][0]
    limited = rate * (sent[last] - sent[number]) < SLOWED * bits * (last - number)
    return Shape(rate * 1e-6, times, bits, limited)


class Found:
    """What a few trains showed of a path.

    first_mbps: the rate at which a long train goes on; None when no train arrived.
    bucket_bytes: the bucket, or None when none was seen. fast_mbps: the rate within it.
    steady: the rates beyond it of the trains that showed it, Mbit/s.
    lead: largest packets that empty it; without one, enough for the two frames of an ideal wire.
    limited: whether long trains leave faster than they arrive.
    inside: whether even the longest train hardly left the bucket, so that nothing is known of
    what is beyond it.
    train: the Stream of the first train that arrived; gap_s: between its packets as they left.
    """

    def __init__(self):
        self.first_mbps = self.bucket_bytes = self.fast_mbps = self.train = None
        self.steady = ()
        self.lead, self.gap_s, self.inside, self.limited = SPARE_PACKETS, 0.0, False, False


def find(session, payload):
    """Send trains of the payload (bytes) until the path's steady rate is seen; returns a Found.

    A train that is not slowed may be inside a bucket: longer ones follow, each twice as long as
    the one before. What one train shows, others must repeat.
    """
    found, probes = Found(), _Trains(session, payload)
    for count in (TRAIN, *SHORTER):
        train, seen = probes.send(count)
        found.gap_s = trends.median([b - a for a, b in zip(train.sent, train.sent[1:])])
        if not train.stepped and (seen or train.loss <= 0):
            found.train = train
            break
    if not found.train:
        return found
    if seen:
        shapes = probes.longer(count, seen)
        return _judge(found, shapes, probes.emptied)
    times = [when for _, when in found.train.in_order()[1:]]
    if len(times) > 1 and times[-1] > times[0]:
        found.first_mbps = found.train.bits * (len(times) - 1) / (times[-1] - times[0]) / 1e6
    return found


class _Trains:
    """Sends trains of one payload (bytes); between them a bucket becomes full again."""

    def __init__(self, session, payload):
        self.session, self.payload = session, payload
        self.slowest_mbps = None
        self.owed_bits = 0  # that a bucket may lack since the first train
        self.emptied = 0  # trains that emptied one
        self.most = min(LONGEST, session.buffer // PACKET_MEMORY)

    def send(self, count):
        """(the Stream of a train of `count` packets, its Shape or None)."""
        train = self.session.send(count + 1, self.payload)
        seen = None if train.stepped else shape(train.sent, train.in_order(), train.bits)
        self.owed_bits += count * train.bits
        refill_s = 0.0
        if seen:
            self.slowest_mbps = min(seen.steady_mbps, self.slowest_mbps or seen.steady_mbps)
            refill_s = min(LONGEST_PAUSE_S, 1e-6 * self.owed_bits / self.slowest_mbps)
            self.owed_bits -= refill_s * 1e6 * self.slowest_mbps
            self.emptied += seen.clear and seen.limited
        self.session.pause(2 * self.session.rtt_s + refill_s)
        return train, seen

    def longer(self, count, seen):
        """The Shapes of trains long enough to leave a bucket, of which one of `count` was seen."""
        before = True  # whether the path limited the trains before, at once
        while True:
            shapes = [seen]
            # Trains before it may have emptied the bucket.
            if seen.clear or (seen.limited and not before):
                shapes = [self.send(count)[1] or seen for _ in range(TRIES)]
            clear = 2 * sum(one.clear for one in shapes) > len(shapes)
            limited = 2 * sum(one.limited and one.even for one in shapes) > len(shapes)
            emptied = trends.median([one.filled for one in shapes]) <= EMPTY_SHARE
            enough = emptied if clear else limited and before
            if enough or not self._may_double(count, shapes, clear):
                return shapes
            before = before and seen.limited
            count *= 2
            seen = self.send(count)[1] or seen

    def _may_double(self, count, shapes, clear):
        rate, limit_s = self.slowest_mbps, SLOW_S
        if not clear:
            rate, limit_s = trends.median([one.steady_mbps for one in shapes]), FAST_S
        takes_s = 8e-6 * count * (self.payload + wire.HEADERS) / rate
        return 2 * count <= self.most and takes_s <= limit_s


def _judge(found, shapes, emptied):
    """Complete a Found by what trains of one length showed; `emptied` of all emptied a bucket."""
    bits = found.train.bits
    found.first_mbps = rate = trends.median([one.steady_mbps for one in shapes])
    found.limited = 2 * sum(one.limited for one in shapes) > len(shapes)
    begun = [one for one in shapes if one.clear]
    if 2 * len(begun) <= len(shapes):
        # Trains right after others emptied a bucket, and those that found it full do not.
        found.inside = not found.limited and emptied >= 2 and len(shapes) > 1
        found.bucket_bytes = found.train.bits * LONGEST // 8 if found.inside else None
        return found
    found.inside = trends.median([one.filled for one in begun]) > 1 - TAIL_SHARE
    ahead = trends.median([one.ahead_bits for one in begun])
    alike = begun
    if not found.inside:
        alike = [one for one in begun if one.is_like(rate, ahead)]
    # A sender that others slowed in the middle of a train looks like this, but not thrice alike.
    if len(alike) < (2 if found.limited or found.inside else TRIES):
        return found
    ahead = trends.median([one.ahead_bits for one in alike])
    found.bucket_bytes = int((ahead + bits) / 8)
    found.fast_mbps = trends.median([one.fast_mbps for one in alike])
    found.steady = [one.steady_mbps for one in alike]
    found.lead = int(trends.median([one.knee for one in alike])) + SPARE_PACKETS
    return found
