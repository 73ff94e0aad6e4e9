"""Whether the delays of a stream rise, and what a fleet of streams says together.

Jain and Dovrolis, "End-to-End Available Bandwidth", SIGCOMM 2002: the pairwise comparison
(PCT) and pairwise difference (PDT) tests; thresholds as pathload 1.3.2 has them.
"""

import math

RISING, FLAT, UNCLEAR = "rising", "flat", "unclear"
INCREASING, NO_TREND, GREY, UNUSABLE = "increasing", "no trend", "grey", "unusable"

FEWEST_GROUPS = 5
FLEET_SHARE = 0.6
UNANIMOUS = 6  # streams that all agree decide a fleet; by chance one in 32 would
MUCH_LOSS, SOME_LOSS = 0.15, 0.03
LOSSY_SHARE = 0.5


def median(values):
    """The median of a list that is not empty."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def group_medians(delays):
    """Medians of groups of floor(sqrt(n)) delays; what is left over joins no group."""
    size = int(math.sqrt(len(delays)))
    if size == 0:
        return []
    return [median(delays[i : i + size]) for i in range(0, len(delays) - size + 1, size)]


def pct(values):
    """The share of rises from each value to the next, 0 to 1; 0.5 is no trend."""
    steps = list(zip(values, values[1:]))
    return sum(late > early for early, late in steps) / len(steps)


def pdt(values):
    """The rise from the first to the last by the sum of all steps, -1 to 1; 0 is no trend."""
    total = sum(abs(late - early) for early, late in zip(values, values[1:]))
    return (values[-1] - values[0]) / total if total else 0.0


def classify(delays):
    """The trend of one stream's delays (s): (trend, PCT, PDT); the numbers None if too few.

    >>> classify([i * 1e-5 for i in range(100)])
    ('rising', 1.0, 1.0)
    """
    return classify_each(group_medians(delays))


def classify_each(medians):
    """As `classify`, of values that need no grouping: one of each burst, say."""
    if len(medians) < FEWEST_GROUPS:
        return UNCLEAR, None, None
    compared, differed = pct(medians), pdt(medians)
    votes = {_vote(compared, 0.605, 0.495), _vote(differed, 0.44, 0.36)} - {UNCLEAR}
    return (votes.pop() if len(votes) == 1 else UNCLEAR), compared, differed


def _vote(value, rising, flat):
    return RISING if value > rising else FLAT if value < flat else UNCLEAR


def fleet_verdict(trends, losses, planned):
    """What the streams so far say, or None while more could change it.

    Args:
        trends: one a usable stream so far. UNCLEAR ones count: they make a fleet grey.
        losses: shares, 0 to 1, of every stream so far that left well.
        planned: streams in the fleet.
    """
    lossy = sum(loss >= SOME_LOSS for loss in losses)
    if lossy >= LOSSY_SHARE * planned or any(loss >= MUCH_LOSS for loss in losses):
        return INCREASING
    needed = math.ceil(FLEET_SHARE * planned)
    if len(set(trends)) == 1:
        needed = min(needed, UNANIMOUS)
    rising, flat = trends.count(RISING), trends.count(FLAT)
    if max(rising, flat) >= needed:
        return INCREASING if rising > flat else NO_TREND
    hopeless = max(rising, flat) + planned - len(trends) < needed
    return GREY if hopeless else None


def last_verdict(trends, planned):
    """The verdict of a fleet that gets no more streams: of half the planned at least."""
    if len(trends) < planned / 2:
        return UNUSABLE
    for trend, verdict in ((RISING, INCREASING), (FLAT, NO_TREND)):
        if trends.count(trend) >= FLEET_SHARE * len(trends):
            return verdict
    return GREY


def last_of_bursts(arrivals, shortest_s):
    """Indices of the last packet of each burst: those that wait least to be handed over.

    Args:
        arrivals: times (s) in order.
        shortest_s: packets closer than this came together.
    """
    lasts, length = [], 1
    for i in range(1, len(arrivals) + 1):
        if i < len(arrivals) and arrivals[i] - arrivals[i - 1] < shortest_s:
            length += 1
            continue
        if length > 3:  # three short gaps
            lasts.append(i - 1)
        length = 1
    return lasts


def coalesced(arrivals, shortest_s):
    """Whether more than 60 % of a train's gaps are too short to be the path's."""
    gaps = [late - early for early, late in zip(arrivals, arrivals[1:])]
    return bool(gaps) and sum(gap < shortest_s for gap in gaps) > 0.6 * len(gaps)
