"""The text that perf script prints, taken apart into samples; vcperf.tools.perf adds them up.

The format is that of perf 6.1, tools/perf/builtin-script.c, with the fields FIELDS, or with
those that perf script prints unasked: a thread's id alone, no CPU of a recording without -a, and
no period before Linux 3.18, where each sample counts the same.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    Parts = tuple[bytes, bytes, bytes, bytes, bytes, bytes]
    """comm, pid, event, symbol, image, and alone, a line that is no sample."""

FIELDS = "comm,pid,tid,cpu,time,event,period,ip,sym,symoff,dso"

CHUNK = 1 << 19

_WHO = rb" *(\S.{0,15}?) +(-?\d+)(?:/-?\d+)?(?: +\[\d+\])?"
_WHEN = _WHO + rb" +\d+\.\d+: +"
_EVENT = rb"([^\s\d]\S*): *"
HEAD = _WHEN + rb"(\d+) +" + _EVENT
_HEAD = _WHEN + rb"(?:(\d+) +)?" + _EVENT
# A function's name may hold blanks, plus signs and brackets; its offset ends it.
PLACE = (
    rb"(\[unknown\]|[^+\t\n]*(?:\+(?!0x[0-9a-f]+ \()[^+\t\n]*)*)"
    rb"(?:\+0x[0-9a-f]+)? \(([^\t\n]*)\)"
)
_FRAME = rb"[0-9a-f]+ " + PLACE
FRAME = _FRAME + rb"\n"
# A function that the compiler put inside another has no image; the next frame has.
_INLINED = rb"(?:\t *[0-9a-f]+ .* \(inlined\)\n)*"
# The last group takes any line that is no part of a sample, so that none is passed over.
_SAMPLE = re.compile(
    _HEAD + rb"(?:\n" + _INLINED + rb"\t *)?" + FRAME + rb"(?:(?:\t.*\)\n)*\n)?|(.*)\n"
)
_NO_STACK = re.compile(_HEAD + rb"$")  # with -g, where none could be taken
# In a place only where a line's end was lost, and the next sample is taken for a part of it.
_NEXT = re.compile(rb"\).* \d+\.\d+: ")
_UNKNOWN = b"[unknown]"
_INLINE = b"inlined"

# The quicker way to most samples: without what each has of its own, its time and period, and
# without all but the innermost frame, few lines differ; each of those is looked at once.
_OWN = re.compile(rb"\] ++\d++\.\d++: ++(\d++) ")
_OWN_NO_CPU = re.compile(rb"(?<=\d) ++\d++\.\d++: ++(\d++) ")
_MARK = b"\0"  # where those were, so that nothing else can pass for them
_STACK = re.compile(rb": *+\n\t *+(.*+\n)(?:\t.*\)\n)*+\n")
_ALIKE = re.compile(_WHO + _MARK + rb" *" + _EVENT + _FRAME)
_KNOWN = 20_000

# A line after which more must come: a call stack's head, a frame, a list of namespaces.
_OPEN = re.compile(_HEAD + rb"$|\t *[0-9a-f]+ |.* nr_namespaces: \d+$")
_LOST = re.compile(rb".* PERF_RECORD_LOST(?:_SAMPLES)? lost (\d+)$")
# Comments, and what perf script tells of processes when asked to.
_NOTE = re.compile(
    rb"(?:#.*|.* PERF_RECORD_(?:NAMESPACES|FORK|EXIT|COMM).*"
    rb"|\t\t[ \[]\d+/\w+: \d+/(?:0x[0-9a-f]+|0).*|)$"
)


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream in pieces of whole samples.

    Raises Untrusted when it ends within a line or a call stack.
    """
    while text := stream.read(CHUNK):
        lines = [text]
        line = text[text.rfind(b"\n", 0, -1) + 1 :]
        if not line.endswith(b"\n"):
            lines.append(stream.readline())
            line += lines[-1]
        while _OPEN.match(line):
            line = stream.readline()
            if not line:
                raise Untrusted("the output is cut off: its last call stack has no end")
            lines.append(line)
        if not line.endswith(b"\n"):
            raise Untrusted("the output is cut off: its last line has no end")
        yield b"".join(lines)


class Splitter:
    """Splits text into samples; remembers the lines that it has split."""

    def __init__(self) -> None:
        self._known: dict[bytes, Parts] = {}
        self._periods: bool | None = None  # whether samples have one

    def samples(self, text: bytes) -> list[tuple[Parts, int, int]]:
        """The samples of a chunk.

        Returns:
            what those that are alike share, how many they are, and the sum of their periods,
            in the event's units.
        """
        alike = [] if _MARK in text else self._alike(text)
        return alike or self._one_by_one(text)

    def _alike(self, text: bytes) -> list[tuple[Parts, int, int]]:
        """The same in a third of the time; nothing where a line is not as most are."""
        if b"\t" in text:
            text = _STACK.sub(rb": \1", text)
        pieces, mark = _OWN.split(text), b"]" + _MARK
        if len(pieces) == 1:
            pieces, mark = _OWN_NO_CPU.split(text), _MARK
        periods = pieces[1::2]
        lines = mark.join(pieces[::2]).split(b"\n")
        counts = Counter(lines)
        sums = _period_sums(lines, counts, periods)
        samples = []
        for line, count in counts.items():
            parts = self._known.get(line) or self._learn(line)
            if not parts:
                return []
            samples.append((parts, count, sums.get(line, 0)))
        if periods:
            self._agree(True)
        return samples

    def _learn(self, line: bytes) -> Parts | None:
        """The parts of a line, None when it is not what it seems to be."""
        sample = _ALIKE.fullmatch(line)
        if sample and line.count(_MARK) == 1 and sample[5] != _INLINE:
            comm, pid, event, symbol, image = sample.groups()
            parts = (comm, pid, event, symbol, image, b"")
        elif _MARK not in line and (_NOTE.match(line) or _LOST.match(line)):
            parts = (b"", b"", b"", b"", b"", line)
        else:
            return None
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[line] = parts
        return parts

    def _one_by_one(self, text: bytes) -> list[tuple[Parts, int, int]]:
        samples = []
        for comm, pid, period, event, symbol, image, other in _SAMPLE.findall(text):
            parts, own = (comm, pid, event, symbol, image, other), period
            bare = _NO_STACK.match(other) if other else None
            if bare:
                own = bare[3] or b""
                parts = (bare[1], bare[2], bare[4], _UNKNOWN, _UNKNOWN, b"")
            if parts[0]:
                self._agree(bool(own))
            if _NEXT.search(symbol) or _NEXT.search(image):
                raise Untrusted("two samples in one line")
            samples.append((parts, 1, int(own or 1)))
        return samples

    def _agree(self, periods: bool) -> None:
        """Raises Untrusted where a sample has a period and another has none."""
        if self._periods not in (None, periods):
            raise Untrusted("some samples have a period and others have none")
        self._periods = periods


def _period_sums(
    lines: list[bytes], counts: Counter[bytes], periods: list[bytes]
) -> dict[bytes, int]:
    """The sum of the periods of each line."""
    if len(set(periods)) == 1:
        period = int(periods[0])
        return {line: count * period for line, count in counts.items()}
    sums: dict[bytes, int] = defaultdict(int)
    samples = (line for line in lines if _MARK in line)
    for line, period in zip(samples, map(int, periods), strict=False):
        sums[line] += period
    return sums


def lost_in(line: bytes) -> int:
    """How many samples a line says were lost.

    Raises Untrusted when it is no line of a sound report.
    """
    lost = _LOST.match(line)
    if lost:
        return int(lost[1])
    if _NOTE.match(line):
        return 0
    printed = line.decode("utf-8", errors="replace")
    raise Untrusted(f"not a line of a sound report: {printed!r}")
