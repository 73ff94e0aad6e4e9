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
Interrupts that came while a processor idled are among them, unless call stacks tell them
apart (vcperf.tools.perf_tasks).
"""

from __future__ import annotations

import re
import sys
from collections import Counter

from vcperf.tools.filter import Row, Untrusted, write
from vcperf.tools.perf_frames import UNKNOWN
from vcperf.tools.perf_samples import Splitter
from vcperf.tools.perf_tasks import ENDED, IDLE, task
from vcperf.tools.perf_untimed import with_times

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable

    from vcperf.tools.perf_chunks import Lines
    from vcperf.tools.perf_frames import Call

    DomainOf = Callable[[int], str | None]
    """The domain of a process, by its id."""
    Seen = Callable[[str | None, bytes, tuple[Call, ...], int], None]
    """Gets the domain, app and calls of samples that are no idle CPU's, and how many they are."""
    Key = tuple[bytes, str | None, bytes, bytes, bytes]
    """Event, domain, app, image, symbol."""

COLUMNS = ("event", "domain", "app", "image", "symbol", "samples", "percent")
MOST_NAMES = 24_000_000  # bytes of different functions, some 100 each beside their names
_OF_PMU = re.compile(r"[\w-]+/([\w-]+)/(\w*)$", re.ASCII)


class Profile:
    """What perf script printed.

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


def read(stream: Lines, domain_of: DomainOf | None = None, seen: Seen | None = None) -> Profile:
    """Aggregate what perf script prints; memory grows with the distinct functions, not
    with the samples.

    Args:
        stream: binary, read to its end.
        domain_of: the domain of a process id, 0 included; None, as in the filter, leaves it
            empty.
        seen: gets the calls of all samples that are no idle CPU's.

    Raises Untrusted as parse does.
    """
    busy, idle = Sums(), Sums()
    domains: dict[bytes, str | None] = {}
    split = Splitter()
    for (comm, pid), (event, calls), count, period in split.groups(stream):
        symbol, image = calls[0] if calls else (UNKNOWN, UNKNOWN)
        app = comm
        if pid in (IDLE, ENDED):
            app = task(calls) or (b"" if pid == IDLE else comm)
            if not app:
                idle.add((event, None, comm, image, symbol), count, period)
                continue
        if domain_of and pid not in domains:
            domains[pid] = domain_of(max(0, int(pid)))
        domain = domains.get(pid)
        busy.add((event, domain, app, image, symbol), count, period)
        if seen:
            seen(domain, app, calls, count)
    if not busy.sums and not idle.sums:
        raise Untrusted("no result in it")
    return Profile(busy.rows(), idle.rows(), split.lost)


class Sums:
    """Samples and periods by what they share."""

    def __init__(self) -> None:
        self.sums: dict[Key, list[int]] = {}
        self._bytes = 0

    def add(self, key: Key, count: int, period: int) -> None:
        """Raises Untrusted when there are more functions than a profile has."""
        sums = self.sums.get(key)
        if sums is None:
            sums = self.sums[key] = [0, 0]
            self._bytes += 100 + len(key[2]) + len(key[3]) + len(key[4])
            if self._bytes > MOST_NAMES:
                raise Untrusted(f"more different functions ({len(self.sums)}) than a profile has")
        sums[0] += count
        sums[1] += period

    def rows(self) -> list[Row]:
        """One row per event, domain, app, image and symbol; images of one name are one."""
        merged: dict[tuple[str, str | None, str, str, str], list[int]] = {}
        totals: Counter[str] = Counter()
        for (event, domain, comm, image, symbol), (samples, period) in self.sums.items():
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


def filter_main() -> int:
    """Run the parser over standard input, as filter.main does, but without holding it.
    Lost samples are noted on stderr; the rows stand."""
    try:
        with open(sys.stdin.fileno(), "rb", closefd=False) as stream:
            profile = read(with_times(stream))
    except Untrusted as fault:
        print(f"rejected: {fault}", file=sys.stderr)
        return 1
    write(profile.rows, COLUMNS)
    if profile.lost:
        print(f"lost: {profile.lost} samples beside {profile.samples}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(filter_main())
