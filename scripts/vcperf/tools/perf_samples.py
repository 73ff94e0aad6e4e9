"""The text that perf script prints, taken apart into samples: the one reader of this format.

vcperf.tools.perf adds the samples up by function, vcperf.tools.perf_stacks by call stack.

The format is that of perf 6.1, tools/perf/builtin-script.c, with the fields FIELDS, or with
those that perf script prints by default: a thread's id alone, no CPU in a recording without -a,
and no period before Linux 3.18, where each sample counts the same.

Samples differ most in their times, which are cut out before equal samples are counted. Of what
is left, who was running and where differ little, so each of both is read once and remembered.
"""

from __future__ import annotations

import operator
import re

from vcperf.tools.filter import Untrusted
from vcperf.tools.perf_chunks import chunks
from vcperf.tools.perf_frames import TIME, Unusual, call_of
from vcperf.tools.perf_repeats import Repeats
from vcperf.tools.perf_sums import ENTRY, Known, Sums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcperf.tools.perf_chunks import Lines
    from vcperf.tools.perf_frames import Call

    Who = tuple[bytes, bytes]
    """A command's name and its process id."""
    What = tuple[bytes, tuple[Call, ...]]
    """An event, and its call stack, innermost first; without -g the innermost call alone."""
    Group = tuple[Who, What, int, int]
    """Samples that are alike: how many they are, and the sum of their periods."""

FIELDS = "comm,pid,tid,cpu,time,event,period,ip,sym,symoff,dso"

# Digits are limited: a damaged number must not become a huge one.
_RUNNING = rb" *(\S.{0,15}?) +(-?\d{1,10})(?:/-?\d{1,10})?"
_WHO = re.compile(_RUNNING + rb"(?: +\[\d+\])?")
_EVENT = re.compile(rb" *([^\s\d\1][^\s\1]*): *")
_WHOLE = re.compile(
    rb"(" + _RUNNING + rb"(?: +\[\d{1,6}\])?) +(\d{1,12}\.\d{1,9}): +(?:(\d{1,20}) +)?([^\s\d].*)"
)
# What most samples have, so that it is read at once: an event and one plain frame.
_PLAIN = re.compile(
    rb" *+([^\s\d\1][^\s\1]*+)(?<=:) *+[0-9a-f]{1,16}+ "
    rb"(?:(\[unknown\])|([^+(\t\0\1]++)\+0x[0-9a-f]++) \(([^()\t\0\1]*+)\)"
)
# A sample's own: its time and its period.
_OWN = re.compile(rb"\] ++(\d++\.\d++): ++(\d++) ")
_FIRST = re.compile(_OWN.pattern.replace(b"(", b"(?:") + rb"([^\s\d]\S*): ")
_OWN_NO_CPU = re.compile(rb"(?<=\d) ++(\d++\.\d++): ++(\d++) ")
_MARK = b"\0"  # where those were
_FRAME = b"\1"  # where a line of a call stack began, or ended it
_NO_MARKS = bytes.maketrans(_MARK + _FRAME, b"\x1a\x1a")
_MOST_KNOWN = 80_000_000  # bytes
_BITS, _LOW = 32, (1 << 32) - 1

_LOST = re.compile(rb".* PERF_RECORD_LOST(?:_SAMPLES)? lost (\d{1,18})")
# Comments, and what perf script prints about processes when asked to.
_NOTE = re.compile(rb"#.*|.* PERF_RECORD_(?:NAMESPACES|FORK|EXIT|COMM).*|")


class Splitter:
    """Splits text into samples.

    Attributes:
        lost: samples that the text so far reports as lost.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._whos, self._whats = Known(_who, 1 << _BITS), Known(self._what, 1)
        self._calls: dict[bytes, Call | None] = {}
        self._sums = Sums()
        self._one_event = True
        self._periods: bool | None = None  # whether samples have one
        self._repeats = Repeats()

    def groups(self, stream: Lines) -> Iterator[Group]:
        """The samples of a stream, those that are alike together, if not all.

        Raises Untrusted when a line is not one of a sound report, or samples are there twice.
        """
        for text in chunks(stream):
            if self._whos.bytes + self._whats.bytes > _MOST_KNOWN:
                yield from self._summed()
                self._whos.forget()
                self._whats.forget()
                self._calls.clear()
            yield from self._take(text)
        yield from self._summed()
        self._repeats.finish()

    def _take(self, text: bytes) -> list[Group]:
        """Take a chunk. Returns the samples that are not in the sums."""
        if _MARK in text or _FRAME in text:
            text = text.translate(_NO_MARKS)
        if b"\t" in text:  # a call stack is one line from here on
            text = _fold(text)
        for own, mark in self._patterns(text):
            try:
                self._alike(own.split(text), mark)
            except Unusual:
                continue
            return []
        return self._one_by_one(text if _FRAME in text else _fold(text))

    def _patterns(self, text: bytes) -> Iterator[tuple[re.Pattern[bytes], bytes]]:
        """What may cut out of all samples what each has of its own, the quickest first, and what
        is put in its place."""
        first = _FIRST.search(text, 0, 2000)
        if first and self._one_event and _FRAME not in text:
            # The address too, where each sample is of one event: more samples are alike then.
            event = first[1] + b": "
            address = re.escape(event) + rb" *+[0-9a-f]{1,16}+ "
            yield re.compile(_OWN.pattern + address), b"]" + _MARK + event + b"0 "
            self._one_event = False
        yield _OWN, b"]" + _MARK
        yield _OWN_NO_CPU, _MARK

    def _summed(self) -> Iterator[Group]:
        for key, count, period in self._sums.empty():
            what = key & _LOW
            yield self._whos.value_of[key - what], self._whats.value_of[what], count, period

    def _alike(self, pieces: list[bytes], mark: bytes) -> None:
        """Add a chunk, split at what differs, to the sums.

        Raises Unusual where a line is not as most are.
        """
        periods = pieces[2::3]
        if not periods:
            raise Unusual
        whos, whats, lost = _halves(mark.join(pieces[::3]), len(periods))
        # No loop of Python: a sample costs less than a microsecond.
        who, what = self._whos.__getitem__, self._whats.__getitem__
        keys = list(map(operator.or_, map(who, whos), map(what, whats)))
        self._agree(True)
        self._repeats.take_pieces(pieces)
        self._sums.add(keys, periods)
        self.lost += lost

    def _one_by_one(self, text: bytes) -> list[Group]:
        samples, keys = [], []
        for line in text[:-1].split(b"\n"):
            found = _WHOLE.fullmatch(line)
            if not found:
                self._note(line)
                continue
            head, comm, pid, time, period, what = found.groups()
            try:
                event, calls = self._what(what)
            except Unusual:
                self._note(line)
                continue
            self._agree(period is not None)
            samples.append(((comm, pid), (event, calls), 1, int(period or 1)))
            keys.append((time, head, what))
        self._repeats.take(keys)
        return samples

    def _note(self, line: bytes) -> None:
        """Raises Untrusted when it is no line of a sound report."""
        try:
            self.lost += _lost_in(line)
        except Unusual:
            printed = line[:200].replace(_FRAME, b"").decode("utf-8", errors="replace")
            raise Untrusted(f"not a line of a sound report: {printed!r}") from None

    def _what(self, text: bytes) -> What:
        plain = _PLAIN.fullmatch(text)
        if plain:
            event, unknown, symbol, image = plain.groups()
            return event[:-1], ((unknown or symbol, image),)
        return self._what_else(text)

    def _what_else(self, text: bytes) -> What:
        event = _EVENT.match(text)
        if not event or _MARK in text:
            raise Unusual
        if event.end() == len(text):  # a head alone
            raise Unusual
        frames = text[event.end() :]
        if frames.startswith(_FRAME):
            if not frames.endswith(_FRAME):  # no blank line behind it
                raise Unusual
            calls = [self._call(frame) for frame in frames[1:-1].split(_FRAME) if frame]
        else:
            calls = [self._call(frames.removesuffix(_FRAME))]
        return event[1], tuple(call for call in calls if call)

    def _call(self, frame: bytes) -> Call | None:
        try:
            return self._calls[frame]
        except KeyError:
            call = self._calls[frame] = call_of(frame)
            self._whats.bytes += len(frame) + ENTRY
            return call

    def _agree(self, periods: bool) -> None:
        """Raises Untrusted where a sample has a period and another has none."""
        if self._periods not in (None, periods):
            raise Untrusted("some samples have a period and others have none")
        self._periods = periods


def _fold(text: bytes) -> bytes:
    """The text with each call stack in one line, _FRAME before each frame and at its end."""
    if b"\n\t\n" in text or text.startswith(b"\t"):
        raise Untrusted("a frame without its call stack, or an empty one")
    return text.replace(b"\n\t", _FRAME).replace(b"\n\n", _FRAME + b"\n")


def _who(text: bytes) -> Who:
    found = _WHO.fullmatch(text)
    if not found:
        raise Unusual
    return found[1], found[2]


def _halves(text: bytes, samples: int) -> tuple[list[bytes], list[bytes], int]:
    """Who was running and where, of each sample, and how many samples the other lines report
    as lost.

    Args:
        text: lines, with _MARK where samples had their times and periods.
        samples: how many there are.
    """
    flat = text.replace(b"\n", _MARK).split(_MARK)
    if len(flat) == 2 * samples + 1:  # no other line
        return flat[:-1:2], flat[1::2], 0
    whos, whats, lost = [], [], 0
    for line in text[:-1].split(b"\n"):
        who, marked, what = line.partition(_MARK)
        if marked:
            whos.append(who)
            whats.append(what)
        else:
            lost += _lost_in(line)
    if len(whos) != samples:
        raise Unusual
    return whos, whats, lost


def _lost_in(line: bytes) -> int:
    """How many samples a line reports as lost.

    Raises Unusual when it is no line of a sound report.
    """
    if not line:
        return 0
    if len(TIME.findall(line)) > (b" PERF_RECORD_" in line):
        raise Unusual  # a sample is in the same line
    lost = _LOST.fullmatch(line.removesuffix(_FRAME))
    if lost:
        return int(lost[1])
    if not _NOTE.fullmatch(line) or (line.startswith(b"#") and _WHOLE.fullmatch(line)):
        raise Unusual  # a command may be called as a comment begins
    return 0
