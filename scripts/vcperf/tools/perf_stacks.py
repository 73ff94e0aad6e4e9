"""Folded stacks: `app;outermost;...;leaf samples`, what flame graphs are drawn from.

The format is that of FlameGraph's stackcollapse-perf.pl, which speedscope reads too: a
function without a name is its image in brackets, and a semicolon in a name a colon.
"""

from __future__ import annotations

import re
from collections import Counter

from vcperf.tools import perf
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import BinaryIO

_STACK = rb"\n((?:\t *[0-9a-f]+ .*\)\n)*)\n"
_SAMPLE = re.compile(perf.HEAD + rb"(?:" + perf.FRAME + rb"|" + _STACK + rb")|(.*)\n")
_CALL = re.compile(rb"\t *[0-9a-f]+ " + perf.PLACE + rb"$", re.MULTILINE)


def folded(stream: BinaryIO, domain_of: perf.DomainOf | None = None) -> list[str]:
    """One line a distinct stack, sorted; the idle task is left out.

    Args:
        stream: perf script's output, binary, with stacks or without (then the leaf alone).
        domain_of: the domain of a process id, put before the app; None puts nothing.

    Raises Untrusted when a line is not one of a sound report, or no sample is there.
    """
    counts: Counter[str] = Counter()
    seen = False
    for text in perf.chunks(stream):
        for comm, pid, _, _, symbol, image, stack, other in _SAMPLE.findall(text):
            if not comm:
                perf.lost_in(other)
                continue
            seen = True
            if pid == perf.IDLE:
                continue
            calls = [(symbol, image)] if image else _CALL.findall(stack)
            frames = [_name(*call) for call in reversed(calls)]
            domain = domain_of(int(pid)) if domain_of else None
            root = [_clean(perf.text_of(comm))]
            counts[";".join(([_clean(domain)] if domain else []) + root + frames)] += 1
    if not seen:
        raise Untrusted("no result in it")
    return [f"{stack} {count}" for stack, count in sorted(counts.items())]


def _name(symbol: bytes, image: bytes) -> str:
    if symbol == b"[unknown]":
        return _clean("[" + perf.image_name(image).strip("[]") + "]")
    return _clean(perf.text_of(symbol))


def _clean(name: str) -> str:
    return name.replace(";", ":")
