"""netperf: its units, and what its figures may be."""

from __future__ import annotations

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted

TRANSACTIONS = "Trans/s"
INTEGER = r"(?:0|[1-9]\d{0,14})"  # as netperf prints it, with (?a)
KILOBYTES = 1e6 / 8 / 1024  # of 1024 bytes, in 10^6 bit
# netperf's -f k, m, g, B, K, M and G -> 10^6 bit/s.
_MEGABITS = {
    "10^3bits": 1e-3,
    "10^6bits": 1.0,
    "10^9bits": 1e3,
    "Bytes": 8e-6,
    "KBytes": 8 * 2**10 / 1e6,
    "MBytes": 8 * 2**20 / 1e6,
    "GBytes": 8 * 2**30 / 1e6,
}
DATA_UNITS = tuple(f"{unit}/s" for unit in _MEGABITS)
_REFUSED = {
    "10^0bits": "netperf -f b prints bytes per second under this name: use another -f",
    "Usec": "netperf -f u prints a latency in place of a rate: use another -f",
    "Trans": "expected data per second",
}


def megabits(unit: str) -> float:
    """What one unit of data per second is in 10^6 bit/s.

    Args:
        unit: as netperf prints it, such as `10^6bits/s`, `MBytes  /s` or `KBytes/sec`.

    Raises Untrusted for a unit that is not of data, or is not what it says.

    >>> megabits("10^9bits/s"), megabits("MBytes  /s")
    (1000.0, 8.388608)
    """
    name = unit.partition("/")[0].rstrip()
    if name not in _MEGABITS:
        reason = _REFUSED.get(name, f"expected one of {', '.join(DATA_UNITS)}")
        raise Untrusted(f"a rate in {quote(unit)}: {reason}")
    return _MEGABITS[name]


def positive(name: str, value: float) -> float:
    """A figure above 0. Raises Untrusted otherwise."""
    if not value > 0:
        raise Untrusted(f"{name} {value:g} is not above 0")
    return value


def percent(value: float) -> float | None:
    """A CPU utilisation in percent; None for -1, which netperf prints where it did not measure.

    Raises Untrusted outside 0 to 100. netperf 2.7 prints more for the remote end of TCP_CRR and
    TCP_CC where it has several CPUs, which is wrong.
    """
    if value == -1:
        return None
    if not 0 <= value <= 100.5:  # rounding can carry it a little over
        raise Untrusted(f"CPU utilisation {value:g} % is not between 0 and 100")
    return value
