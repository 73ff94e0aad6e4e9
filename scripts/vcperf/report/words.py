"""How a report says numbers, counts and the names of cells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from vcperf.kinds import LABELS, told

# Of a cell in a sentence: the path names its ends, and the size comes last.
_LEFT_OUT = ("sender", "receiver", "message_bytes")


def percent(value: float) -> str:
    """A relative difference, with one decimal below 20 %.

    >>> percent(-42.85), percent(3.14), percent(0.04), percent(12345)
    ('-43 %', '+3.1 %', '0 %', '+12,345 %')
    """
    digits = 0 if abs(value) >= 20 else 1
    rounded = round(value, digits)
    return f"{rounded:+,.{digits}f} %" if rounded else "0 %"


def interval(low: float, high: float) -> str:
    """The ends of an interval in percent; what is not known on one side, or on both, said so.

    >>> interval(-50, -37.1), interval(3, float("nan")), interval(float("nan"), float("nan"))
    ('-50 % to -37 %', 'at least +3.0 %', 'no interval')
    """
    known = [math.isfinite(end) for end in (low, high)]
    if all(known):
        return f"{percent(low)} to {percent(high)}"
    if not any(known):
        return "no interval"
    return f"at least {percent(low)}" if known[0] else f"at most {percent(high)}"


def count(number: int, noun: str, plural: str = "") -> str:
    """A count with its noun.

    >>> count(1, "block"), count(2, "block"), count(12345, "entry", "entries")
    ('1 block', '2 blocks', '12,345 entries')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def several(names: Iterable[object], most: int = 4) -> str:
    """Names with commas, the first ones where they are many.

    >>> several(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    known = [str(name) for name in names]
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more


def size(bytes_: object) -> str:
    """A message size.

    >>> size(65536)
    '65536 bytes'
    """
    return f"{bytes_} byte{'' if str(bytes_) == '1' else 's'}"


def cell(row: Mapping[Any, Any], without: Iterable[str] = ()) -> str:
    """A cell by the labels that its row has.

    >>> cell({"pinning": "config1", "path": "a->b", "test": "TCP_RR", "message_bytes": 1})
    'config1 a->b TCP_RR, 1 byte'
    """
    left_out = {*_LEFT_OUT, *without}
    known = told(row)
    named = [known.get(name) for name in LABELS if name not in left_out]
    text = " ".join(str(value) for value in named if has(value))
    if "message_bytes" in without or not has(row.get("message_bytes")):
        return text
    return f"{text}, {size(row['message_bytes'])}"


def has(value: Any) -> bool:
    """Whether a field of a table holds something."""
    return not pd.isna(value) and value != ""
