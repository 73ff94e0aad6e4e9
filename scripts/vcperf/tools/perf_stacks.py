"""Folded stacks: `app;outermost;...;leaf samples`, what flame graphs are drawn from.

The format is that of FlameGraph's stackcollapse-perf.pl, which speedscope reads too: a
function without a name is its image in brackets, and a semicolon in a name a colon.
"""

from __future__ import annotations

import re
from collections import Counter

from vcperf.tools import perf
from vcperf.tools.filter import Untrusted
from vcperf.tools.perf_samples import FRAME, HEAD, PLACE, chunks, lost_in

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import BinaryIO

    Call = tuple[bytes, bytes]
    """A function and its image."""

_STACK = rb"\n((?:\t *[0-9a-f]+ .*\)\n)*)\n"
_SAMPLE = re.compile(HEAD + rb"(?:" + FRAME + rb"|" + _STACK + rb")|(.*)\n")
_CALL = re.compile(rb"\t *[0-9a-f]+ " + PLACE + rb"$", re.MULTILINE)


# Frames of the kernel, in any version: the idle task's loop, and work in interrupts.
_IDLE_LOOP = re.compile(rb"do_idle$|cpu_startup_entry$|cpu_idle|default_idle|arch_call_rest_init$")
_HALTED = re.compile(
    rb"(?:\w+_)?(?:safe_)?halt$|(?:\w+_)?mwait\w*$|\w*(?:default|intel|acpi|poll)_idle"
)
_INTERRUPT = re.compile(rb"_*do_softirq|handle_softirqs$|_*irq_exit|handle_irq_event|__do_IRQ$")
# What a thread of the kernel runs in -> its name; all names are lost in other PID namespaces.
_THREADS = {b"run_ksoftirqd": b"ksoftirqd", b"worker_thread": b"kworker"}
ELSEWHERE = b"[elsewhere]"


def read(
    stream: BinaryIO, domain_of: perf.DomainOf | None = None
) -> tuple[perf.Profile, list[str]]:
    """A profile and its folded stacks, one line a distinct stack, sorted.

    Of process 0, which is the idle task or, when perf ran in a PID namespace, anything that
    is not in it, the stacks tell: what idles is apart, as in perf.read; interrupts that came
    while a processor idled are rows of the app `swapper`; threads of the kernel are
    `ksoftirqd` or `kworker`, and other programs `[elsewhere]`, their stacks of no interest.

    Args:
        stream: perf script's output, binary, with stacks or without (then the leaf alone).
        domain_of: the domain of a process id, 0 included, put before the app; None puts
            nothing.

    Raises Untrusted when a line is not one of a sound report, or no sample is there.
    """
    busy, idle = perf.Sums(), perf.Sums()
    counts: Counter[str] = Counter()
    domains: dict[bytes, str | None] = {}
    lost = 0
    for text in chunks(stream):
        for comm, pid, period, event, *place, stack, other in _SAMPLE.findall(text):
            if not comm:
                lost += lost_in(other)
                continue
            calls: list[Call] = [tuple(place)] if place[1] else _CALL.findall(stack)
            symbol, image = calls[0] if calls else (b"[unknown]", b"[unknown]")
            app = _task(calls) if pid in {perf.IDLE, b"-1"} else comm
            if app is None:
                idle.add((event, None, comm, image, symbol), 1, int(period))
                continue
            if domain_of and pid not in domains:
                domains[pid] = domain_of(max(0, int(pid)))
            domain = domains.get(pid)
            busy.add((event, domain, app, image, symbol), 1, int(period))
            root = [_clean(domain)] if domain else []
            frames = [] if app == ELSEWHERE else [_name(*call) for call in reversed(calls)]
            counts[";".join([*root, _clean(perf.text_of(app)), *frames])] += 1
    if not busy.sums and not idle.sums:
        raise Untrusted("no result in it")
    folded = [f"{stack} {count}" for stack, count in sorted(counts.items())]
    return perf.Profile(busy.rows(), idle.rows(), lost), folded


def _task(calls: list[Call]) -> bytes | None:
    """What ran as process 0; None for an idle processor."""
    names = [symbol for symbol, _ in calls]
    if names and _HALTED.match(names[0]):  # also where its stack is cut short
        return None
    if any(map(_IDLE_LOOP.match, names)):
        return b"swapper" if any(map(_INTERRUPT.match, names)) else None
    for frame, thread in _THREADS.items():
        if frame in names:
            return thread
    return ELSEWHERE if len(names) > 1 and names[0] != b"[unknown]" else None


def folded(stream: BinaryIO, domain_of: perf.DomainOf | None = None) -> list[str]:
    """The folded stacks of read()."""
    return read(stream, domain_of)[1]


def _name(symbol: bytes, image: bytes) -> str:
    if symbol == b"[unknown]":
        return _clean("[" + perf.image_name(image).strip("[]") + "]")
    return _clean(perf.text_of(symbol))


def _clean(name: str) -> str:
    return name.replace(";", ":")
