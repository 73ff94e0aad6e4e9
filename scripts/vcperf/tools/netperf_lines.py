"""netperf: lines that belong together, and are refused when one of them is missing."""

from __future__ import annotations

import re

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Finish = Callable[[list[re.Match[str]]], None]


class Lines:
    """Lines that follow one another.

    Args:
        what: names them in an error.
        patterns: of each line, in order.
        finish: takes the matches once all are there.
    """

    def __init__(self, what: str, patterns: Sequence[str], finish: Finish) -> None:
        self.what, self.patterns, self.finish = what, patterns, finish
        self.matches: list[re.Match[str]] = []

    def take(self, line: str) -> bool:
        """Take a line; False when they are complete. Raises Untrusted for another line."""
        if len(self.matches) == len(self.patterns):
            return False
        match = re.fullmatch(self.patterns[len(self.matches)], line)
        if not match:
            raise Untrusted(f"the {self.what} is missing before {quote(line)}")
        self.matches.append(match)
        if len(self.matches) == len(self.patterns):
            self.finish(self.matches)
        return True

    def end(self) -> None:
        """Raises Untrusted when some are missing."""
        if len(self.matches) < len(self.patterns):
            raise Untrusted(f"the {self.what} is missing")


class Histogram:
    """The lines of a histogram (-v 2), up to its total."""

    begins = r"Histogram of [\w/() ]{1,60}\.?"

    def __init__(self) -> None:
        self.whole = False

    def take(self, line: str) -> bool:
        """Take a line; False when the histogram is complete. Raises Untrusted for another."""
        if self.whole:
            return False
        self.whole = re.fullmatch(r"(?a)HIST_TOTAL: +\d+", line) is not None
        if not self.whole and not re.fullmatch(r"(?a)[>\w]{5,20} *(?:: +\d+)+", line):
            raise Untrusted(f"the rest of a histogram is missing before {quote(line)}")
        return True

    def end(self) -> None:
        """Raises Untrusted when its total is missing."""
        if not self.whole:
            raise Untrusted("the rest of a histogram is missing")


# Of a confidence that -I asked for and -i did not allow. 2.4 pads the percentages with blanks.
WARNING = (
    r"!!! Desired confidence was not achieved within the specified iterations\.",
    r"!!! This implies that there was variability in the test environment that",
    r"!!! must be investigated before going further\.",
    r"!!! Confidence intervals: (Throughput) +: +([-\w.]{1,20}) ?%",
    r"!!! +(Local CPU) util +: +([-\w.]{1,20}) ?%",
    r"!!! +(Remote CPU) util +: +([-\w.]{1,20}) ?%",
)
DOUBT = r"(?:WARNING|DANGER)(?: +(?:WARNING|DANGER))+ *!"
DOUBTED = (r"(Local|Remote) CPU usage numbers based on process information only!",)

# What -v 2 adds below a row.
_FOUR = r"(?a)(?:-?\d{1,9} +){3}-?\d{1,9}"
_PER_CALL = r"(?:\d{1,15}\.\d\d|-?nan|-?inf)"
_OF_STREAM = (
    r" +(\d{1,15}|\d\.\d{1,4}e\+\d\d)"  # bytes, of which 2.4 prints four digits
    rf" +({_PER_CALL}) +(\d{{1,15}}) +{_PER_CALL} +\d{{1,15}}"
)
_OF_RR = r" +\S+ +(\d{1,15}\.\d{1,9}) +\S+ +\S+"
ALIGNMENT = (
    r"Local +Remote +Local +Remote\b.*",
    r"(?:Send +Recv|Recv +Send) +(?:Send +Recv|Recv +Send)\b.*",
    rf"{_FOUR}(?:{_OF_STREAM}|{_OF_RR})?",
)
SEGMENT = (r"Segment", r"Size \(bytes\)", r"(?a)-?\d{1,9}")
