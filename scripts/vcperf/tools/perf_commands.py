"""perf: its command lines, what it really counted, and whose network a process was in.

Without a PMU, as on most virtual machines, `perf record -e cycles` takes the clock
cpu-clock in its place and does not say so; perf evlist does.
"""

from __future__ import annotations

import re

from vcperf.errors import VcperfError
from vcperf.tools.filter import Untrusted
from vcperf.tools.perf import event_name
from vcperf.tools.perf_chunks import chunks
from vcperf.tools.perf_samples import FIELDS

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

_EVENT = re.compile(r"[A-Za-z][\w.:/=,-]*$", re.ASCII)
_LISTED = re.compile(r"([A-Za-z][^\s#]*?)(?:: (type: .*))?$")
_PERIOD = re.compile(r"\{ sample_period, sample_freq \}: (\d+)")
_DUMMY = "dummy"
# What passes with the time of a CPU that runs.
_TIMES = ("cycles", "cpu-cycles", "ref-cycles", "cpu-clock", "task-clock")
_MODIFIERS = re.compile(r":[ukhGHpPSDWIeb]+$")

_FORK = rb"PERF_RECORD_FORK\((\d+):\d+\):\((\d+):\d+\)"
_ENTERED = (
    rb"PERF_RECORD_NAMESPACES (\d+)/\d+ - nr_namespaces: \d+\n\s*\[0/net: \d+/(0x[0-9a-f]+|0),"
)
_CHANGE = re.compile(_FORK + rb"|" + _ENTERED)


def record_argv(
    *,
    output: str,
    event: str = "cycles",
    frequency_hz: int | None = None,
    period: int | None = None,
    stacks: bool = False,
    control: tuple[int, int] | None = None,
    command: Sequence[str] = (),
) -> list[str]:
    """The command that samples every process of the system while `command` runs, or until
    it is interrupted.

    Args:
        event: as `perf list` names it.
        frequency_hz, period: samples per second, or events a sample; one of the two.
        stacks: whether to record call stacks too.
        control: file descriptors from which it reads orders, and to which it writes that
            they are done; it samples nothing before it is told `enable` then.

    Raises VcperfError when not one of frequency and period is given, or the event's name
    cannot be one.
    """
    if (frequency_hz is None) == (period is None):
        raise VcperfError("perf record: expected a frequency or a period")
    if (frequency_hz or period or 0) <= 0:
        raise VcperfError("perf record: the frequency or period must be above 0")
    if not _EVENT.match(event):
        raise VcperfError(f"event {event!r}: expected a name as `perf list` prints them")
    rate = f"--freq={frequency_hz}" if frequency_hz else f"--count={period}"
    argv = ["perf", "record", "--quiet", "--all-cpus", "--namespaces", "--no-bpf-event"]
    # BPF programs would cost a second at the start, build ids one or more at the end.
    argv.append("--no-buildid")
    argv += [f"--event={event}", rate, f"--output={output}"]
    argv += ["--call-graph=fp"] if stacks else []
    argv += ["--delay=-1", "--control=fd:{},{}".format(*control)] if control else []
    return [*argv, "--", *command] if command else argv


def script_argv(data: str) -> list[str]:
    """The command whose output vcperf.tools.perf reads, lost samples, forks and
    namespaces included."""
    shown = ["--show-lost-events", "--show-task-events", "--show-namespace-events"]
    return ["perf", "script", f"--input={data}", "--no-inline", "-F", FIELDS, *shown]


def evlist_argv(data: str) -> list[str]:
    """The command that tells what a recording counted."""
    return ["perf", "evlist", "-v", f"--input={data}"]


class Event:
    """An event of a recording: its name, and its period in events or frequency in Hz,
    where the list tells them."""

    def __init__(self, name: str, period: int | None, frequency_hz: int | None) -> None:
        self.name, self.period, self.frequency_hz = name, period, frequency_hz


def parse_evlist(text: str) -> list[Event]:
    """The events that a recording counted, less perf's own dummy.

    Args:
        text: what perf evlist, with or without -v, printed.

    Raises Untrusted when a line is no event's, or there is none.
    """
    events = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = _LISTED.match(line.strip())
        if not match:
            raise Untrusted(f"perf evlist: not an event: {line!r}")
        printed = _PERIOD.search(match[2] or "")
        number = int(printed[1]) if printed else None
        by_frequency = "freq: 1" in (match[2] or "")
        if match[1].split(":")[0] != _DUMMY:
            events.append(
                Event(
                    match[1],
                    None if by_frequency else number,
                    number if by_frequency else None,
                )
            )
    if not events:
        raise Untrusted("perf evlist: no event in it")
    return events


def fallback(asked: str, events: Sequence[Event]) -> str | None:
    """The event that perf took in place of the one asked for; None when it took that one,
    of whatever PMU.

    >>> fallback("cycles", parse_evlist("cpu-clock\\ndummy:HG\\n"))
    'cpu-clock'
    """
    base, *names = (_MODIFIERS.sub("", event_name(e)) for e in (asked, *(e.name for e in events)))
    return None if base in names else events[0].name


def sample_ns(event: str, frequency_hz: float) -> float | None:
    """CPU time that a sample stands for, at the frequency that was held; None for an event
    that counts no time.

    >>> sample_ns("cpu_core/cycles/u", 1000), sample_ns("cache-misses", 1000)
    (1000000.0, None)
    """
    of_time = _MODIFIERS.sub("", event_name(event)) in _TIMES
    return 1e9 / frequency_hz if of_time else None


def refusal(errors: str) -> str:
    """Of what perf says when it fails, the line that tells why.

    >>> refusal("Error:\\nThe cache-misses event is not supported.\\n\\n Usage: perf\\n")
    'The cache-misses event is not supported.'
    """
    lines = [line.strip() for line in errors.splitlines()]
    telling = [line for line in lines if any(map(str.isalpha, line)) and line != "Error:"]
    return telling[0] if telling else "no error message"


class Origins:
    """Where processes come from.

    Attributes:
        namespaces: process id -> its network namespace (the inode): what it entered, or
            else what the process had that forked it.
        parents: process id -> the process that forked it.
    """

    def __init__(self) -> None:
        self.namespaces: dict[int, int] = {}
        self.parents: dict[int, int] = {}

    def line(self, pid: int) -> Iterator[int]:
        """A process and its ancestors, nearest first, as far as they are known."""
        seen: set[int] = set()
        while pid not in seen:
            seen.add(pid)
            yield pid
            pid = self.parents.get(pid, pid)


def origins(stream: BinaryIO) -> Origins:
    """Where the processes of a recording come from, from the output of script_argv. So
    processes that have long ended can be distinguished by the domain they were in.
    """
    found = Origins()
    for text in chunks(stream):
        for child, parent, process, inode in _CHANGE.findall(text):
            if process:
                found.namespaces[int(process)] = int(inode, 16)
                continue
            found.parents[int(child)] = int(parent)
            if int(parent) in found.namespaces:
                found.namespaces[int(child)] = found.namespaces[int(parent)]
    return found
