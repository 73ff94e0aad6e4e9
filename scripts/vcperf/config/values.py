"""What YAML can say and no configuration means."""

from __future__ import annotations

import datetime
import math
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from vcperf.config.files import KeyPath
from vcperf.errors import printable, quote

LONGEST = 80  # characters of a value in an error
BOOLEANS = "YAML reads yes, no, on and off as true or false; use quotes for text"


def odd(value: Any, nulls: bool, at: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Faults of a configuration that hold for each of its keys, each with its key path.

    Args:
        value: the configuration, or what is below a key of it.
        nulls: whether a key may be null, which switches off an entry of a lower file.
        at: where the value is.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if fault := _fault_of_key(key):
                yield at, f"the key {shown(key)} {fault}"
            elif inner is not None or not nulls:
                yield from odd(inner, nulls, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from odd(inner, nulls, (*at, index))
    elif fault := _fault(value):
        yield at, fault


def _fault_of_key(key: Any) -> str:
    if isinstance(key, str):
        return _control(key)
    return f"is not text ({BOOLEANS})" if isinstance(key, bool) else "is not text; put it in quotes"


def _fault(value: Any) -> str:
    fault = ""
    if value is None:
        fault = "this cannot be null"
    elif isinstance(value, str):
        control = _control(value)
        fault = f"{quote(value)} {control}" if control else ""
    elif isinstance(value, float):
        fault = "" if math.isfinite(value) else f"{value} is not a finite number"
    elif not isinstance(value, int):
        kind = "a date" if isinstance(value, datetime.date) else type(value).__name__
        fault = f"YAML reads this as {kind}; put it in quotes"
    elif abs(value) >= 2**63:
        fault = "a whole number with more than 63 bits"
    return fault


def _control(text: str) -> str:
    """The fault of a text with a control character, such as a terminal's escape; else empty.

    XML, so SVG, cannot hold most of these. A line break is text, and so is any space.
    """
    if text.isprintable():
        return ""
    for character in text:
        kind = unicodedata.category(character)
        if (kind[0] == "C" or kind in ("Zl", "Zp")) and character != "\n":
            return f"has the control character U+{ord(character):04X}; take it out"
    return ""


def shown(value: Any) -> str:
    """A value for an error, as YAML writes it, printable and at most LONGEST characters.

    >>> shown("x"), shown(True), shown([1, None])
    ("'x'", 'true', '[1, None]')
    """
    if isinstance(value, str):
        return quote(value)
    text = str(value).lower() if isinstance(value, bool) else printable(repr(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
