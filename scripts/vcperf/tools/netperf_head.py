"""netperf: what stands above a result and says how to read it."""

from __future__ import annotations

import re
from functools import lru_cache

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted
from vcperf.tools.netperf_units import megabits

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    Number = float | None
    Values = tuple[str | None, int | None, Number, Number, Number, Number, Number]
    """A row, in the order of netperf.COLUMNS."""

SEND, RECEIVE, REQUESTS = "Send", "Receive", "Send|Recv"
CONNECTS, CONNECTS_ONLY = "Connect|Send|Recv", "Connection"
DIRECTIONS = (SEND, RECEIVE, REQUESTS, CONNECTS, CONNECTS_ONLY)
# The banner's name of a test -> netperf's option -t, and its direction as seen from netperf.
TESTS = {
    "TCP STREAM": ("TCP_STREAM", SEND),
    "TCP MAERTS": ("TCP_MAERTS", RECEIVE),
    "TCP SENDFILE": ("TCP_SENDFILE", SEND),
    "UDP STREAM": ("UDP_STREAM", SEND),
    "UDP UNIDIRECTIONAL SEND": ("UDP_STREAM", SEND),
    "TCP REQUEST/RESPONSE": ("TCP_RR", REQUESTS),
    "UDP REQUEST/RESPONSE": ("UDP_RR", REQUESTS),
    "TCP Connect/Request/Response": ("TCP_CRR", CONNECTS),
    "TCP Connect/Close": ("TCP_CC", CONNECTS_ONLY),
    **{f"OMNI {direction}": ("OMNI", direction) for direction in DIRECTIONS},
}
# 2.2 prints `TEST to HOST`, later versions `TEST from ADDRESS ... to ADDRESS ... : OPTIONS`.
_BANNER = r"(MIGRATED )?(\S.{0,60}?) TEST(?: (?:from|to) (.*))?"
_ANY_TEST = r"(?:MIGRATED )?([A-Z][\w/|() -]{0,60}) TEST (?:from|to) \S.*"
_HEADER_WORDS = frozenset(
    "Recv Send Socket Message Elapsed Utilization Service Demand Size Time Throughput local"
    " remote Local /Remote Request Resp. Trans. Rate CPU S.dem Messages Okay Errors Util".split()
)
_UNIT_WORD = (
    r"[KMG]?[bB]ytes|secs\.?|%|[A-Z?]{1,2}|#|per|sec|/s|us/KB|us/Tr|Usec/s(?:ec)?"
    r"|(?:10\^\d|[KMG])?[bB](?:its|ytes)/s(?:ec)?"
)
# -f M prints `MBytes  /s` in the header with CPU columns.
_RATE_UNIT = r"(\S+ */s(?:ec)?)(?: |$)"
_OTHER_HEADERS = {
    "Tput": "a request/response test whose rate is in units of data (netperf -f): leave out -f",
    "Latency": "a latency in place of a rate (netperf -f u): leave out -f",
}
_OMNI_WORDS = frozenset(
    "Local Remote Send Recv Socket Size Elapsed Throughput Time Units Request Response CPU Service"
    " Protocol Direction Transaction Confidence".split()
)


class Head:
    """What the lines above a result say of it.

    Attributes:
        test: netperf's option -t, `OMNI` for an omni test; None without a banner, as with -P 0.
        kind: which of the classic tables it prints: `stream`, `rr`, `udp`; None: any.
        direction: one of DIRECTIONS; None without a banner.
        migrated: whether the banner is of netperf 2.5 or later.
        averaged: whether results are means of several runs (-i); None where nothing says.
        width: of the confidence interval asked for (-I), in percent; None where nothing says.
        paced: whether netperf may have paused between requests (-w).
        burst: requests under way besides the first; None where nothing says.
        unit: of the rate, as the header or an interim result has it; None without both.
        unit_above: that of the result above, which had no banner either.
        with_cpu: whether the header announces CPU figures; None without a header.
        keys: those of the first result of -k output; a further one below has the same.
        doubtful: the ends, `Local` and `Remote`, whose CPU figures netperf itself doubts.
    """

    def __init__(self) -> None:
        self.test: str | None = None
        self.direction: str | None = None
        self.migrated = False
        self.averaged: bool | None = None
        self.width: float | None = None
        self.paced = False
        self.burst: int | None = None
        self.unit: str | None = None
        self.unit_above: str | None = None
        self.with_cpu: bool | None = None
        self.doubtful: set[str] = set()
        self.keys: dict[str, str] | None = None
        self.kind: str | None = None

    @property
    def name(self) -> str:
        """The test, for an error."""
        return self.test or "a result"

    def factor(self) -> float:
        """What the rate of a stream is to be multiplied with, to be in 10^6 bit/s.

        Without any header it is netperf's own default. Raises Untrusted where the header has
        no unit, or another than of data.
        """
        unit = self.unit or self.unit_above
        if unit is not None:
            return megabits(unit)
        if self.test is not None:
            raise Untrusted("no header says the unit of the throughput")
        return 1.0

    def take_unit(self, unit: str) -> None:
        """The unit of a header or of an interim result. Raises Untrusted when they differ."""
        name = " ".join(unit.partition("/")[0].split()) + "/s"
        if self.unit not in (None, name):
            raise Untrusted(f"a rate in {quote(name)}, where it was in {quote(self.unit)} above")
        self.unit = name

    def take_header(self, line: str, words: list[str]) -> bool:
        """Whether a line is one of a classic header.

        Raises Untrusted for a header of a form that is refused.
        """
        for word in words:
            if word in _OTHER_HEADERS and self.kind == "rr":
                raise Untrusted(_OTHER_HEADERS[word])
            if word not in _HEADER_WORDS and not _unit_word(word):
                return False
        if "Utilization" in words or "CPU" in words:
            self.with_cpu = True
        unit = re.search(_RATE_UNIT, line)
        if unit:
            self.take_unit(unit[1])
        return True


@lru_cache(1000)
def _unit_word(word: str) -> bool:
    return re.fullmatch(_UNIT_WORD, word) is not None


def banner(line: str) -> Head | None:
    """What a test's first line says; None when it is none.

    Raises Untrusted for the banner of a test that is not read.
    """
    if " TEST" not in line:
        return None
    match = re.fullmatch(_BANNER, line)
    if not match or match[2] not in TESTS:
        other = re.fullmatch(_ANY_TEST, line)
        if other:
            raise Untrusted(f"the test {quote(other[1])} is none of those that are read")
        return None
    head = Head()
    head.test, head.direction = TESTS[match[2]]
    if head.direction not in (SEND, RECEIVE):
        head.kind = "rr"
    else:
        head.kind = "udp" if head.test == "UDP_STREAM" else "stream"
    head.migrated = match[1] is not None or head.test == "OMNI"
    options = match[3] or ""
    head.averaged = " conf." in options
    half = re.search(r"(?a)\+/-(\d{1,3}\.\d{1,3})% ", options) if head.averaged else None
    head.width = 2 * float(half[1]) if half else None
    head.paced = " interval" in options
    burst = re.search(r"(?a) first burst (\d{1,9})\b", options) if "burst" in options else None
    head.burst = int(burst[1]) if burst else 0
    head.with_cpu = False
    return head


def omni_table(words: list[str]) -> bool:
    """Whether a line begins the table of an omni test."""
    return len(words) > 1 and _OMNI_WORDS.issuperset(words)
