"""netperf: lines that are not its own.

Launchers, batch systems and libraries may write above and below a report. A line that says that
something failed is refused, also when netperf itself wrote it, and so is a line that looks like
a damaged line of a report.
"""

from __future__ import annotations

import re

from vcperf.errors import quote
from vcperf.tools import mpi
from vcperf.tools.filter import Untrusted
from vcperf.tools.netperf_names import KEYS, damaged_key

MOST_LINES = 10_000  # a report among so many lines of others is not netperf's output
LONGEST = 10_000

_HARMLESS = (
    r"UCX +(?:WARN|INFO|DIAG|DEBUG|TRACE)\b|^srun: (?:job \d+ |Job step |[Ww]arning: )"
    r"|see all help / error messages$|^Warning: Permanently added "
    r"|^WARNING: There was an error initializing an OpenFabrics device"
)
_FAILED = (
    r"(?i)\b(?:errors?|errno|fail(?:s|ed|ure)?|fatal|abort(?:ed|ing)?|killed|terminated|died"
    r"|segmentation fault|core dumped|timed out|refused|denied|unreachable|reset by peer"
    r"|could not|couldn't|cannot|can't|unable|unknown|invalid|illegal|no such|not found"
    r"|not (?:known|supported|compiled)|are you sure|please (?:verify|contact)"
    r"|this netperf|getaddrinfo|too small|must be larger|sorry|partial re(?:sponse|quest)"
    r"|unexpected(?:ly)?)\b|^net(?:perf|server)\w*:"
)
# Of netperf's lines: a banner, a warning, an interim result, a histogram.
_LIKE_NETPERF = (
    r"MIGRATED|\bAF_INET|\bTEST (?:from|to)\b|!!!|^Interim|^NETPERF_|^HIST_TOTAL|_[MU]?SEC +:"
)
_NUMBER = r"(?a)[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?"
_FIRST_WORD = r"\W?([A-Za-z0-9_]{4,40})"


def check(line: str) -> None:
    """Hold a line that is not netperf's against what launchers write.

    Args:
        line: without blanks around it.

    Raises Untrusted when it says that something failed, or may be a damaged line of netperf's.
    """
    if len(line) > LONGEST:
        raise Untrusted(f"a line of {len(line)} characters: {quote(line)}")
    if re.search(_HARMLESS, line):
        return
    words = re.split(r"[\s,]+", line)
    figures = sum(re.fullmatch(_NUMBER, word) is not None for word in words)
    first = re.match(_FIRST_WORD, line)
    if (
        re.search(_FAILED, line)
        or mpi.failure(line)
        or re.search(_LIKE_NETPERF, line)
        or 2 * figures > len(words)
        or line.startswith(tuple(KEYS))
        or (first and (first[1] in KEYS or damaged_key(first[1])))
    ):
        raise Untrusted(f"not a line of a sound report: {quote(line)}")
