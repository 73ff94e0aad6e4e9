"""netperf: the course of a run, from its interim results (-D) in KEY=VALUE output.

For each interval netperf prints its rate, its unit, its length, and when it ended on the clock of
the end that sends::

    NETPERF_INTERIM_RESULT[0]=13654.88
    NETPERF_UNITS[0]=10^6bits/s
    NETPERF_INTERVAL[0]=0.709
    NETPERF_ENDING[0]=1796033639.424

The first interval begins with the data of the run, which nothing else in a report tells.
"""

from __future__ import annotations

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted
from vcperf.tools.netperf import key_values, number
from vcperf.tools.netperf_units import TRANSACTIONS, megabits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MARK = "NETPERF_ENDING["  # of the last line of an interval
SLACK_S = 0.005  # both times of an interval are rounded to milliseconds
MOST_INTERVALS = 100  # of a run
LEAST_S = 0.1


def interval_s(duration_s: float) -> float:
    """How long the intervals of a run are: so many that they are told to a hundredth of it, and
    so few that all of them fit into a pipe which nobody reads meanwhile (64 kB).

    >>> interval_s(1), interval_s(60)
    (0.1, 0.6)
    """
    return max(LEAST_S, duration_s / MOST_INTERVALS)


class Course:
    """How the rate of a run went.

    Args:
        begin: of its data, seconds since 1970 on the clock of the end that sends.
        parts: length (s) and rate of each interval, one after the other.
        elapsed_s: how long the run took by its result, which waits until the last bytes have
            arrived: the intervals are stretched to it. None: as long as they are together.
    """

    def __init__(
        self, begin: float, parts: Sequence[tuple[float, float]], elapsed_s: float | None = None
    ) -> None:
        told_s = sum(length for length, _ in parts)
        stretch = elapsed_s / told_s if elapsed_s else 1.0
        self.begin, self.end = begin, begin + told_s * stretch
        self._parts = [(length * stretch, rate / stretch) for length, rate in parts]

    def rate(self, begin: float, end: float) -> float:
        """The mean rate between two moments of the run.

        Raises Untrusted when it did not run all the time.
        """
        if not self.begin - SLACK_S <= begin < end <= self.end + SLACK_S:
            raise Untrusted(
                f"ran from {self.begin:.3f} to {self.end:.3f}, not from {begin:.3f} to {end:.3f}"
            )
        moved, at = 0.0, self.begin
        for length, rate in self._parts:
            shared_s = min(end, at + length) - max(begin, at)
            moved += rate * max(0.0, shared_s)
            at += length
        return moved / (end - begin)


def read(text: str, elapsed_s: float | None = None) -> Course:
    """The course of a run; its rates in 10^6 bit/s, or transactions per second.

    Args:
        text: the output; an interval that is not whole yet is left out.
        elapsed_s: see Course.

    Raises Untrusted when it has no interval, one is not a number, or they do not follow each
    other.
    """
    printed = key_values(text)
    parts: list[tuple[float, float]] = []
    begin = before = 0.0
    while f"{MARK}{len(parts)}]" in printed:
        index = len(parts)
        ended = _number(printed, "ENDING", index)
        length = _number(printed, "INTERVAL", index)
        unit = printed.get(f"NETPERF_UNITS[{index}]", "")
        factor = 1.0 if unit == TRANSACTIONS else megabits(unit)
        if not parts:
            begin = before = ended - length
        if abs(ended - length - before) > SLACK_S:
            raise Untrusted(f"interim result {index} does not follow the one before it")
        parts.append((ended - before, factor * _number(printed, "INTERIM_RESULT", index)))
        before = ended
    if not parts or before <= begin:
        raise Untrusted("no interim result; was netperf built with --enable-demo?")
    return Course(begin, parts, elapsed_s)


def _number(printed: dict[str, str], name: str, index: int) -> float:
    key = f"NETPERF_{name}[{index}]"
    value = number(printed, key)
    if not 0 <= value < float("inf"):
        raise Untrusted(f"{key}={quote(printed[key])} cannot be")
    return value
