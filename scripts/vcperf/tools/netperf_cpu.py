"""CPU figures of netperf that cannot be: left out, so that they do not cost a sound rate.

Under load netperf 2.7 prints figures above 100 %, of UDP_STREAM with 64 bytes 499.93 %. The parser
refuses reports with such figures. A block knows that its report is whole, and has its own account
of CPU time, so it goes on without the figure.
"""

from __future__ import annotations

import re

UNKNOWN = "-1.00"  # what netperf prints of an end that it did not measure
MOST = 100.5  # rounding can carry it a little over
_FIGURE = re.compile(r"^((?:LOCAL|REMOTE)_CPU_UTIL)=(-?\d{1,9}\.\d\d)\s*$", re.M | re.A)


def without_impossible(output: str) -> tuple[str, list[str]]:
    """KEY=VALUE output whose CPU figures outside 0 to 100 % are replaced by netperf's own mark for
    one that is not known.

    Args:
        output: of netperf, without service demands.

    Returns it, and one note per figure that was left out.

    >>> without_impossible("LOCAL_CPU_UTIL=499.93")
    ('LOCAL_CPU_UTIL=-1.00', ['LOCAL_CPU_UTIL=499.93 is not between 0 and 100 %: left out'])
    """
    notes: list[str] = []

    def believed(match: re.Match[str]) -> str:
        key, printed = match.groups()
        if printed == UNKNOWN or 0 <= float(printed) <= MOST:
            return match[0]
        notes.append(f"{key}={printed} is not between 0 and 100 %: left out")
        return f"{key}={UNKNOWN}"

    return _FIGURE.sub(believed, output), notes
