"""netperf: several at the same time, and what they have in common.

netperf has no streams of its own, so one shell starts several, each against a netserver of its
own: one netserver would fork for each, and not account for their CPU time.
"""

from __future__ import annotations

import math

from vcperf.tools import netperf, netperf_course
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_SHARE = 0.95  # of each stream that all others must run beside
LEAST_COUNTED = 0.95  # of the duration asked for: netperf runs for whole seconds
# Starts `netperf -p PORT "$@"` once for each of PORTS, all beside each other. What they print comes
# with the port before each line. All are tied to the shell, to end with it, however it does.
START = r"""
tied=$(command -v setpriv >/dev/null && echo setpriv --pdeathsig KILL)
ports=$1
shift
for port in $ports; do
    $tied netperf -p "$port" "$@" | $tied sed -u "s/^/$port /" &
done
wait
"""


class Common:
    """The time that all streams have in common. Raises Untrusted when it is too short a share.

    Args:
        courses: of the streams.
        warmup_s: seconds from when the last one has begun that do not count.

    Attributes:
        begin, end: of what counts, seconds since 1970 on the clock of the end that sends.
        rates: of each stream in it, 10^6 bit/s or transactions per second.
        overlap: the least share of a stream's own time in which all ran.
    """

    def __init__(self, courses: Sequence[netperf_course.Course], warmup_s: float = 0.0) -> None:
        self.begin = max(course.begin for course in courses)
        self.end = min(course.end for course in courses)
        common_s = self.end - self.begin
        self.overlap = min(common_s / (course.end - course.begin) for course in courses)
        if self.overlap < LEAST_SHARE:
            raise Untrusted(
                f"the {len(courses)} streams ran beside each other for only"
                f" {100 * max(0.0, self.overlap):.1f} % of their time, expected at least"
                f" {100 * LEAST_SHARE:g} %; raise duration_s"
            )
        self.begin += warmup_s
        self.rates = [course.rate(self.begin, self.end) for course in courses]

    @property
    def variation_percent(self) -> float | None:
        """The coefficient of variation of the rates: their standard deviation (of a sample) in
        percent of their mean; None of one stream."""
        count = len(self.rates)
        mean = sum(self.rates) / count
        if count < 2 or not mean:
            return None
        variance = sum((rate - mean) ** 2 for rate in self.rates) / (count - 1)
        return float(100 * variance**0.5 / mean)


def argv(ports: Sequence[int], options: Sequence[str]) -> list[str]:
    """The command line that starts one netperf per port.

    Args:
        ports: of their netservers.
        options: of netperf, without the port.
    """
    return ["sh", "-c", START, "vcperf", " ".join(map(str, ports)), *options]


def seconds(duration_s: int, warmup_s: float) -> int:
    """The whole seconds that streams run for, so that at least LEAST_COUNTED of a duration is left
    when the warm-up is cut off.

    >>> seconds(10, 0.05), seconds(1, 0.05), seconds(10, 2)
    (10, 1, 12)
    """
    return math.ceil(round(LEAST_COUNTED * duration_s + warmup_s, 6))


def reports(text: str) -> list[str]:
    """The report of each stream that printed anything, in the order in which they began to.

    Args:
        text: what the command line of `argv` printed.

    >>> reports("7 a\\n8 b\\n7 c\\n")
    ['a\\nc\\n', 'b\\n']
    """
    found: dict[str, list[str]] = {}
    for line in text.splitlines(keepends=True):
        port, _, rest = line.partition(" ")
        found.setdefault(port, []).append(rest)
    return ["".join(lines) for lines in found.values()]


def common(texts: Sequence[str], warmup_s: float = 0.0) -> Common:
    """What streams have in common.

    Args:
        texts: their reports, as netperf printed them or without figures of the CPU.
        warmup_s: see Common.

    Raises Untrusted when one lacks its course, or they overlap too little.
    """
    courses = []
    for text in texts:
        rows = netperf.parse(text, needed=("elapsed_s",))
        if len(rows) != 1:
            raise Untrusted(f"the report of a stream has {len(rows)} results, not 1")
        courses.append(netperf_course.read(text, rows[0]["elapsed_s"]))
    return Common(courses, warmup_s)
