"""Folded stacks: `app;outermost;...;leaf samples`, what flame graphs are drawn from.

The format is that of FlameGraph's stackcollapse-perf.pl, which speedscope reads too: a
function without a name is its image in brackets, and a semicolon in a name a colon.
"""

from __future__ import annotations

from collections import Counter

from vcperf.tools import perf
from vcperf.tools.filter import Untrusted
from vcperf.tools.perf_frames import UNKNOWN
from vcperf.tools.perf_tasks import ELSEWHERE

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from vcperf.tools.perf_chunks import Lines
    from vcperf.tools.perf_frames import Call

MOST_CALLS = 2_000_000  # in all distinct stacks


def read(stream: Lines, domain_of: perf.DomainOf | None = None) -> tuple[perf.Profile, list[str]]:
    """A profile, as perf.read gives it, and its folded stacks, one line a distinct stack,
    sorted. Idle CPUs are in neither; stacks of programs outside of perf's PID namespace
    (vcperf.tools.perf_tasks.ELSEWHERE) are of no interest, and are not printed.

    Args:
        stream: perf script's output, binary, with stacks or without (then the leaf alone).
        domain_of: the domain of a process id, 0 included, put before the app; None puts
            nothing.

    Raises Untrusted when a line is not one of a sound report, or no sample is there.
    """
    stacks = _Stacks()
    profile = perf.read(stream, domain_of, stacks.add)
    return profile, stacks.folded()


class _Stacks:
    def __init__(self) -> None:
        self._counts: Counter[tuple[str | None, bytes, tuple[Call, ...]]] = Counter()
        self._calls = 0

    def add(self, domain: str | None, app: bytes, calls: tuple[Call, ...], count: int) -> None:
        key = (domain, app, () if app == ELSEWHERE else calls)
        if key not in self._counts:
            self._calls += len(calls)
            if self._calls > MOST_CALLS:
                raise Untrusted(f"more different call stacks ({len(self._counts)}) than are read")
        self._counts[key] += count

    def folded(self) -> list[str]:
        counts: Counter[str] = Counter()
        for (domain, app, calls), count in self._counts.items():
            root = [_clean(domain)] if domain else []
            frames = [_name(*call) for call in reversed(calls)]
            counts[";".join([*root, _clean(perf.text_of(app)), *frames])] += count
        return [f"{stack} {count}" for stack, count in sorted(counts.items())]


def folded(stream: Lines, domain_of: perf.DomainOf | None = None) -> list[str]:
    """The folded stacks of read()."""
    return read(stream, domain_of)[1]


def _name(symbol: bytes, image: bytes) -> str:
    if symbol == UNKNOWN:
        return _clean("[" + perf.image_name(image).strip("[]") + "]")
    return _clean(perf.text_of(symbol))


def _clean(name: str) -> str:
    return name.replace(";", ":")
