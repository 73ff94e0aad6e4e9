"""The search for the rate at which delays begin to rise: doubling, then bisection."""

from bandwidth import trends, wire

SHORT_SPACING_S = 80e-6
LONGEST_STREAM_S = 0.5
RESOLUTION = 0.02  # of the first rate
GREY_RESOLUTION, GREY_MOST_MBPS = 0.05, 12.0
SMALL_STEP = 0.1  # of the first rate
MOST_UNUSABLE = 5  # fleets in a row
BLIND_MBPS = 2.0  # resolution when no first rate is known


def stream_shape(rate_mbps, shortest_s, largest):
    """(payload bytes, spacing s) of a stream of this rate, headers counted.

    Args:
        rate_mbps: above 0.
        shortest_s: spacing that the sender holds.
        largest: payload, bytes.
    """
    bits_per_s = rate_mbps * 1e6
    full = 8 * (largest + wire.HEADERS)
    spacing_s = max(SHORT_SPACING_S, shortest_s)
    payload = int(bits_per_s * spacing_s / 8) - wire.HEADERS
    if rate_mbps >= 150 or payload > largest:
        # The spacing decides: a whole packet's time, or the shortest and less than whole.
        spacing_s = max(full / bits_per_s, shortest_s)
        payload = min(largest, int(bits_per_s * spacing_s / 8) - wire.HEADERS)
    payload = max(payload, min(wire.SMALLEST, largest))
    return payload, 8 * (payload + wire.HEADERS) / bits_per_s


class Search:
    """Keeps the bracket; ask `rate`, send a fleet, `take` its verdict, until `done`.

    Args:
        first_mbps: rate to begin with (the ADR); None when it is not known.
        fastest_mbps: what the sender can pace.
        limited: whether the first rate is what the path let through, so that no much higher one is
            worth a try.
    """

    def __init__(self, first_mbps, fastest_mbps, limited=False):
        self.fastest = fastest_mbps
        self.low = self.high = self.grey_low = self.grey_high = None
        if first_mbps is None:
            first_mbps, self.omega, self.chi = fastest_mbps / 2, BLIND_MBPS, BLIND_MBPS
        else:
            self.omega = RESOLUTION * first_mbps
            self.chi = min(GREY_RESOLUTION * first_mbps, GREY_MOST_MBPS)
        self.rate = min(first_mbps, fastest_mbps)
        self.step = SMALL_STEP * self.rate if limited else self.rate
        self.done = ""
        self.unusable = 0

    def take(self, verdict):
        """Narrow the bracket by what a fleet at `rate` showed, and choose the next rate."""
        rate = self.rate
        if verdict == trends.INCREASING:
            self.high = rate
        elif verdict == trends.NO_TREND:
            self.low = rate
        elif verdict == trends.GREY:
            self.grey_low = rate if self.grey_low is None else min(rate, self.grey_low)
            self.grey_high = rate if self.grey_high is None else max(rate, self.grey_high)
        else:
            self._unusable()
            return
        self.unusable = 0
        self._drop_grey_outside()
        self._choose(rate)

    def _unusable(self):
        """Once more at the same rate; then a bound where one is known, else half as fast."""
        self.unusable += 1
        if self.unusable < 2:
            return
        if self.low is not None or self.high is not None or self.unusable > MOST_UNUSABLE:
            self.done = "too few usable streams"
        else:
            self.rate = self.fastest = self.rate / 2

    def _drop_grey_outside(self):
        """A verdict beyond the grey region says that it was none."""
        if self.grey_low is None:
            return
        below = self.high is not None and self.high <= self.grey_low
        above = self.low is not None and self.low >= self.grey_high
        if below or above:
            self.grey_low = self.grey_high = None

    def _choose(self, rate):
        if self.high is None:
            if rate >= self.fastest:
                self.done = "the fastest rate that can be paced"
            elif self.grey_high is not None:
                self.rate = min(1.5 * self.grey_high, self.fastest)
            else:
                self.rate = min(rate + self.step, self.fastest)
                self.step *= 2
            return
        low = self.low or 0.0
        if self.grey_low is None:
            if self.high - low <= self.omega:
                self.done = "resolution"
            self.rate = (low + self.high) / 2
            return
        above, below = self.high - self.grey_high, self.grey_low - low
        if above <= self.chi and below <= self.chi:
            self.done = "grey resolution"
        self.rate = (
            (self.grey_high + self.high) / 2 if above >= below else (low + self.grey_low) / 2
        )
