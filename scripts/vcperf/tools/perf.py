"""perf: a parser for the samples that perf script prints.

A sample without and with its call stack (perf record -g; the leaf comes first, a blank
line ends it)::

    netperf 2267/2267 [000]  2276.582067:    1003009 cpu-clock:  7f0da getpid+0x5 (/lib/libc.so.6)

    netperf 2267/2267 [000]  2276.583067:    1003009 cpu-clock:
            ffffffff821ecc51 do_syscall_64+0x71 ([kernel.kallsyms])
            ffffffff81000130 entry_SYSCALL_64_after_hwframe+0x76 ([kernel.kallsyms])

give

    cpu-clock,,netperf,libc.so.6,getpid,1,50.0
    cpu-clock,,netperf,[kernel.kallsyms],do_syscall_64,1,50.0

What the columns mean: `app` is the command's name, as the kernel cuts it, at 15 bytes;
`image` the base name of what was mapped where the processor was, as opreport prints it;
`symbol` the function, without its offset. Where kinds of processors have a PMU each
(`cpu_core/cycles/`, `cpu_atom/cycles/`), their events of one name are one `event`. `samples`
counts samples. `percent` is the share of the event's periods, as in perf report: where perf
varies the period to hold a frequency, samples are worth what they stand for, and with a
constant period both shares agree; without any period it is 0.

The idle task's samples are in no row and in no percent; a profile keeps them apart.
Interrupts that came while a processor idled are among them.

The format is that of perf 6.1, tools/perf/builtin-script.c.
"""

from __future__ import annotations

import re
import sys
from collections import Counter

from vcperf.tools.filter import Row, Untrusted, write

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    DomainOf = Callable[[int], str | None]
    """The domain of a process, by its id."""

COLUMNS = ("event", "domain", "app", "image", "symbol", "samples", "percent")
FIELDS = "comm,pid,tid,cpu,time,event,period,ip,sym,symoff,dso"

CHUNK = 1 << 22
IDLE = b"0"

HEAD = rb" *(\S.{0,15}?) +(-?\d+)/-?\d+ +\[\d+\] +\d+\.\d+: +(\d+) +(\S+): *"
# A function's name may hold blanks, plus signs and brackets; its offset ends it.
PLACE = (
    rb"(\[unknown\]|[^+\n]*(?:\+(?!0x[0-9a-f]+ \()[^+\n]*)*)"
    rb"(?:\+0x[0-9a-f]+)? \((.*)\)"
)
FRAME = rb"[0-9a-f]+ " + PLACE + rb"\n"
# A function that the compiler put inside another has no image; the next frame has.
_INLINED = rb"(?:\t *[0-9a-f]+ .* \(inlined\)\n)*"
# The last group takes any line that is no part of a sample, so that none is passed over.
_SAMPLE = re.compile(
    HEAD + rb"(?:\n" + _INLINED + rb"\t *)?" + FRAME + rb"(?:(?:\t.*\)\n)*\n)?|(.*)\n"
)
# The same in rough, three times as fast; what it finds is looked at once each. Offsets of
# plain names stay outside, so that a function is found once.
_ROUGH = re.compile(
    rb"(?:([^\n\[]++)\[\d++\] ++\d++\.\d++: ++(\d++ ++\S+): *+(?:\n\t *+)?+[0-9a-f]++ "
    rb"(?:([^+\n(]++)\+0x[0-9a-f]++ )?+)?+(.*+)\n(?(1)(?:(?:\t.*\)\n)*+\n)?+)"
)
_WHO = re.compile(rb" *(\S.{0,15}?) +(-?\d+)/-?\d+ +$")
_WHERE = re.compile(PLACE)
_CACHED = 200_000
_OF_PMU = re.compile(r"[\w-]+/([\w-]+)/(\w*)$", re.ASCII)
_NO_STACK = re.compile(HEAD + rb"$")  # with -g, where none could be taken
# A line after which more must come: a call stack's head, a frame, a list of namespaces.
_OPEN = re.compile(HEAD + rb"$|\t *[0-9a-f]+ |.* nr_namespaces: \d+$")
_LOST = re.compile(rb".* PERF_RECORD_LOST(?:_SAMPLES)? lost (\d+)$")
# Comments, and what perf script tells of processes when asked to.
_NOTE = re.compile(
    rb"(?:#.*|.* PERF_RECORD_(?:NAMESPACES|FORK|EXIT|COMM).*"
    rb"|\t\t[ \[]\d+/\w+: \d+/(?:0x[0-9a-f]+|0).*|)$"
)


class Profile:
    """What perf script told.

    Attributes:
        rows: rows of COLUMNS and `period`, most samples first; period is the sum of the
            samples' periods, in the event's units (nanoseconds for cpu-clock).
        idle: the same of the idle task, with no percent.
        lost: samples that perf says it lost, where perf script was asked to tell.
    """

    def __init__(self, rows: list[Row], idle: list[Row], lost: int) -> None:
        self.rows, self.idle, self.lost = rows, idle, lost

    @property
    def samples(self) -> int:
        """How many samples the rows stand for."""
        return sum(row["samples"] for row in self.rows)


def parse(text: str) -> list[Row]:
    """Rows of COLUMNS, one an event, domain, app, image and symbol, most samples first.

    Raises Untrusted when a line is not one of a sound report, or no sample is there.
    """
    import io

    return read(io.BytesIO(text.encode("utf-8", errors="surrogateescape"))).rows


def read(stream: BinaryIO, domain_of: DomainOf | None = None) -> Profile:
    """Aggregate what perf script prints; memory grows with the distinct functions, not
    with the samples.

    Args:
        stream: binary, read to its end.
        domain_of: the domain of a process id; None, as in the filter, leaves it empty.

    Raises Untrusted as parse does.
    """
    busy, idle = Sums(), Sums()
    domains: dict[bytes, str | None] = {}
    lost = 0
    split = _Splitter()
    for text in chunks(stream):
        for parts, count in split.samples(text):
            comm, pid, period, event, symbol, image, other = parts
            if not comm:
                lost += count * lost_in(other)
            elif pid == IDLE:
                idle.add((event, None, comm, image, symbol), count, int(period))
            else:
                if domain_of and pid not in domains:
                    domains[pid] = domain_of(int(pid))
                key = (event, domains.get(pid), comm, image, symbol)
                busy.add(key, count, int(period))
    if not busy.sums and not idle.sums:
        raise Untrusted("no result in it")
    return Profile(busy.rows(), idle.rows(), lost)


class _Splitter:
    """Splits text into samples; remembers what it has split."""

    def __init__(self) -> None:
        self.who: dict[bytes, tuple[bytes, bytes]] = {}
        self.where: dict[tuple[bytes, bytes], tuple[bytes, bytes]] = {}

    def samples(self, text: bytes) -> Iterable[tuple[tuple[bytes, ...], int]]:
        """Of whole samples: (comm, pid, period, event, symbol, image, other), and how
        often; in other, alone, a line that is no sample."""
        quick = []
        for (who, what, name, rest), count in Counter(_ROUGH.findall(text)).items():
            if who:
                where = (name, rest)
                known = who in self.who and where in self.where
                if not known and not self._learn(who, where):
                    return self._thorough(text)
                period, event = what.split()
                quick.append(((*self.who[who], period, event, *self.where[where], b""), count))
            elif _NOTE.match(rest) or _LOST.match(rest):
                quick.append(((b"",) * 6 + (rest,), count))
            else:
                return self._thorough(text)
        return quick

    def _learn(self, who: bytes, where: tuple[bytes, bytes]) -> bool:
        """Whether a process and a place in it are what they seem to be.

        Args:
            where: a function and its image in brackets, or nothing and both as printed.
        """
        printed = b"+0x0 ".join(filter(None, where))
        if len(self.who) + len(self.where) > _CACHED:
            self.who.clear()
            self.where.clear()
        comm, frame = _WHO.match(who), _WHERE.fullmatch(printed)
        if not comm or not frame or frame[2] == b"inlined":
            return False
        self.who[who] = comm[1], comm[2]
        self.where[where] = frame[1], frame[2]
        return True

    def _thorough(self, text: bytes) -> Iterable[tuple[tuple[bytes, ...], int]]:
        for parts, count in Counter(_SAMPLE.findall(text)).items():
            bare = _NO_STACK.match(parts[-1]) if parts[-1] else None
            yield (*bare.groups(), b"[unknown]", b"[unknown]", b"") if bare else parts, count


class Sums:
    """Samples and periods by what they share."""

    def __init__(self) -> None:
        self.sums: dict[tuple[bytes, str | None, bytes, bytes, bytes], list[int]] = {}

    def add(
        self, key: tuple[bytes, str | None, bytes, bytes, bytes], count: int, period: int
    ) -> None:
        sums = self.sums.get(key)
        if sums is None:
            sums = self.sums[key] = [0, 0]
        sums[0] += count
        sums[1] += count * period

    def rows(self) -> list[Row]:
        merged: dict[tuple[str, str | None, str, str, str], list[int]] = {}
        totals: Counter[str] = Counter()
        for (event, domain, comm, image, symbol), (samples, period) in self.sums.items():
            # Images of one base name are one image.
            name = event_name(text_of(event))
            key = (name, domain, text_of(comm), image_name(image), text_of(symbol))
            sums = merged.setdefault(key, [0, 0])
            sums[0] += samples
            sums[1] += period
            totals[key[0]] += period
        rows: list[Row] = [
            {
                **dict(zip(COLUMNS, key, strict=False)),
                "samples": samples,
                "percent": round(100 * period / totals[key[0]], 6) if totals[key[0]] else 0.0,
                "period": period,
            }
            for key, (samples, period) in merged.items()
        ]
        return sorted(
            rows,
            key=lambda row: (
                row["event"],
                -row["period"],
                -row["samples"],
                *map(str, row.values()),
            ),
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


def text_of(name: bytes) -> str:
    return name.decode("utf-8", errors="replace")


def event_name(printed: str) -> str:
    """An event without its PMU.

    >>> event_name("cpu_core/cycles/"), event_name("cpu_atom/cycles/u"), event_name("cpu-clock")
    ('cycles', 'cycles:u', 'cpu-clock')
    """
    of_pmu = _OF_PMU.match(printed)
    if not of_pmu:
        return printed
    return of_pmu[1] + (f":{of_pmu[2]}" if of_pmu[2] else "")


def image_name(image: bytes) -> str:
    """The base name of a mapped file; what is no file keeps its name."""
    name = text_of(image)
    return name.rsplit("/", 1)[-1] if name.startswith("/") and not name.startswith("//") else name


def lost_in(line: bytes) -> int:
    """How many samples a line says were lost.

    Raises Untrusted when it is no line of a sound report.
    """
    lost = _LOST.match(line)
    if lost:
        return int(lost[1])
    if _NOTE.match(line):
        return 0
    raise Untrusted(f"not a line of a sound report: {text_of(line)!r}")


def filter_main() -> int:
    """Run the parser over standard input, as filter.main does, but without holding it.
    Lost samples are told on stderr; the rows stand."""
    try:
        profile = read(sys.stdin.buffer)
    except Untrusted as fault:
        print(f"not trusted: {fault}", file=sys.stderr)
        return 1
    write(profile.rows, COLUMNS)
    if profile.lost:
        print(f"lost: {profile.lost} samples beside {profile.samples}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(filter_main())
