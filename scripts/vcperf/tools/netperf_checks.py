"""netperf: figures of one report that must agree, each with its rounding.

A result may be the mean of several runs (-i), and some figures then are of the last run alone.
The banner says so. Without one nothing does, and they may differ by a little.
"""

from __future__ import annotations

from vcperf.tools.filter import Untrusted

Span = tuple[float, float]
"""The least and the greatest value that netperf prints as one figure."""

MOST_PROCESSORS = 512  # MAXCPUS of netlib.h: netperf does not run on more
SINGLE_PRECISION = 2e-6  # netperf computes with floats
# Whether results are means (None: nothing says) -> how far the demand of the means may be from
# the mean demand, and the last run from the mean; None: too far to compare.
DEMAND_OFF = {False: SINGLE_PRECISION, None: 0.01, True: None}
_LAST_OFF = {False: 0.0, None: 0.1, True: None}


def span(printed: str) -> Span:
    """What a printed figure stands for: half a unit of its last decimal, up and down.

    >>> span("2.50")
    (2.495, 2.505)
    """
    value, half = float(printed), 0.5 / 10 ** len(printed.partition(".")[2])
    return value - half, value + half


def times(one: Span, other: Span) -> Span:
    """The product of two figures, neither below 0."""
    return max(one[0], 0.0) * max(other[0], 0.0), one[1] * other[1]


def agree(one: Span, other: Span, averaged: bool | None, off: float = 0.0) -> bool:
    """Whether two figures can be the same.

    Args:
        averaged: whether one of them is a mean, and the other of the last run; None: maybe.
        off: by what share they may differ besides.
    """
    more = _LAST_OFF[averaged]
    if more is None:
        return True
    factor = 1 + off + more + SINGLE_PRECISION
    return one[0] <= other[1] * factor and other[0] <= one[1] * factor


def demand_fits(used: float, demand: float, rate: float, off: float, count: int = 0) -> bool:
    """Whether a service demand agrees with the rate and the CPU utilisation.

    netperf computes it as utilisation x processors / rate (calc_service_demand of netlib.c), so
    that the three give the number of processors, which is whole.

    Args:
        used: percent, two decimals.
        demand: microseconds per transaction or per 1024 bytes, three decimals.
        rate: transactions or 1024 bytes per second.
        off: by what share it may be off.
        count: the processors that there are; 0 where the report does not say.

    >>> demand_fits(66.46, 5.177, 2103.07e6 / 8 / 1024, 1e-5)
    True
    >>> demand_fits(66.46, 5.177, 3103.07e6 / 8 / 1024, 1e-5)
    False
    """
    if used < 0.01:  # the rounding leaves nothing of it
        return True
    low = (demand - 5e-4) / (used + 5e-3) * rate * 1e-4 * (1 - off)
    high = (demand + 5e-4) / (used - 5e-3) * rate * 1e-4 * (1 + off)
    return low <= (count or int(high) or 1) <= high and low <= MOST_PROCESSORS


def demand_error(end: str, used: float | None, demand: float, rate: float) -> Untrusted:
    """What is wrong with a service demand; arguments are those of demand_fits."""
    if used is None or demand == -1:
        return Untrusted(f"the {end} end has a CPU utilisation or a service demand, but not both")
    return Untrusted(
        f"the {end} end: a service demand of {demand:g} us at {used:g} % CPU and this rate is of"
        f" {demand * rate / 1e4 / used:.4g} CPUs, expected a whole number of them"
    )
