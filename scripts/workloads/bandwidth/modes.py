"""Modes of a sample of rates: where they pile up, how strongly, how narrowly.

After Dovrolis, Ramanathan and Moore, "What do packet dispersion techniques measure?",
INFOCOM 2001, with pathrate 2.4.1's numbers.
"""

import bisect
import math

TRIM = 0.1  # of the samples, at each end
FEW = 30  # samples that are not trimmed
FEWEST_SHARE = 0.015  # of the samples a mode must hold; 15 of 1000


def mean(values):
    return math.fsum(values) / len(values)


def trimmed(values, count):
    """Sorted values without `count` at each end."""
    ordered = sorted(values)
    return ordered[count : len(ordered) - count] if len(ordered) > 2 * count else ordered


def variation(values):
    """The coefficient of variation: standard deviation by mean."""
    centre = mean(values)
    return math.sqrt(mean([(x - centre) ** 2 for x in values])) / centre


def bin_width(rates):
    """The resolution (Mbit/s) that a sample of rates (Mbit/s) allows."""
    kept = trimmed(rates, int(TRIM * len(rates)) if len(rates) > FEW else 0)
    spread = kept[-1] - kept[0]
    if spread == 0:
        return 20.0
    return (0.25 if spread < 1 else 0.125) * spread


class Mode:
    """low, high: edges of its bell; centre; count: samples in its bell; merit."""

    def __init__(self, centre, bell, total):
        self.centre, self.low, self.high = centre, bell[0], bell[-1]
        self.count = len(bell)
        self.merit = kurtosis(bell) * len(bell) / total

    def record(self):
        return {
            "centre_mbps": round(self.centre, 3),
            "low_mbps": round(self.low, 3),
            "high_mbps": round(self.high, 3),
            "count": self.count,
            "merit": round(self.merit, 4),
        }


def kurtosis(values):
    """The fourth moment by the square of the second; 3 for a normal bell, 0 for a point."""
    centre = mean(values)
    second = mean([(x - centre) ** 2 for x in values])
    return mean([(x - centre) ** 4 for x in values]) / second**2 if second else 0.0


def local_modes(rates, width):
    """The modes of rates (Mbit/s), in order of being found: densest first.

    Args:
        width: of a bin, Mbit/s, above 0.
    """
    left, found = sorted(rates), []
    fewest = max(3, FEWEST_SHARE * len(rates))
    while left:
        start, end = densest(left, width)
        if end - start < fewest:
            break
        centre = centre_of(left[start:end])
        first, last = _bell(left, start, end, width)
        found.append(Mode(centre, left[first:last], len(rates)))
        left = left[:first] + left[last:]
    return found


def densest(ordered, width):
    """(start, end) of the window no wider than `width` that holds most values."""
    best, end = (0, 0), 0
    for start, low in enumerate(ordered):
        while end < len(ordered) and ordered[end] <= low + width:
            end += 1
        if end - start > best[1] - best[0]:
            best = start, end
    return best


def centre_of(ordered):
    """The half-sample mode: where the densest half of the densest half ... lies.

    A mode's bin also holds what cross traffic slowed a little; its middle would be low.
    """
    while len(ordered) > 3:
        half = (len(ordered) + 1) // 2
        widths = [ordered[i + half - 1] - ordered[i] for i in range(len(ordered) - half + 1)]
        start = widths.index(min(widths))
        ordered = ordered[start : start + half]
    return ordered[len(ordered) // 2]


def _bell(ordered, start, end, width):
    """Extend a window bin by bin on each side while the counts do not rise again."""
    count, low, first = end - start, ordered[start], start
    while first > 0:
        low -= width
        further = bisect.bisect_left(ordered, low)
        if not 0 < first - further < 1.1 * count:
            break
        count, first = first - further, further
    count, high, last = end - start, ordered[end - 1], end
    while last < len(ordered):
        high += width
        further = bisect.bisect_right(ordered, high)
        if not 0 < further - last < 1.1 * count:
            break
        count, last = further - last, further
    return first, last
