"""A frame of a call stack, as perf script prints it."""

from __future__ import annotations

import re

from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    Call = tuple[bytes, bytes]
    """A function and its image."""

UNKNOWN = b"[unknown]"
_ADDRESS = re.compile(rb"[0-9a-f]{1,16}")
# A function's name may hold blanks, plus signs and brackets; its offset ends it.
_OFFSET = re.compile(rb"\+0x[0-9a-f]+ \(")
_NAMELESS = UNKNOWN + b" ("
_INLINED = b" (inlined)"  # the compiler put it inside the next frame's function
_DELETED = b" (deleted)"
TIME = re.compile(rb" \d{1,12}\.\d{1,9}: ")


class Unusual(Exception):
    """A line that is not as most are."""


def call_of(frame: bytes) -> Call | None:
    """A frame's function and image; None for one that has no image of its own.

    Raises Unusual where it is no frame.
    """
    address, _, place = frame.lstrip(b" ").partition(b" ")
    if not _ADDRESS.fullmatch(address) or not place.endswith(b")") or b"\t" in place:
        raise Unusual
    offset = None if place.startswith(_NAMELESS) else _OFFSET.search(place)
    if offset:
        symbol, image = place[: offset.start()], place[offset.end() : -1]
    elif place.startswith(_NAMELESS):
        symbol, image = UNKNOWN, place[len(_NAMELESS) : -1]
    elif place.endswith(_INLINED):
        return None
    else:
        deleted = _DELETED if place.endswith(_DELETED + b")") else b""
        symbol, bracket, image = place[: len(place) - 1 - len(deleted)].rpartition(b" (")
        image += deleted
        if not bracket:
            raise Unusual
    closed = place.find(b")")
    if closed < len(place) - 1 and TIME.search(place, closed):
        raise Untrusted("two samples in one line")
    return symbol, image
