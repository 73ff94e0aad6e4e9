"""netperf: the comma-separated output of -o.

Two lines: the names of the columns, and their values. Interim results (-D) may stand above,
and a histogram (-v 2) below. Without its names (-P 0) a line of values is not read.
"""

from __future__ import annotations

import re

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted
from vcperf.tools.netperf_names import KEYS, near

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable

MOST_COLUMNS = 1000  # some may be asked for twice
_KEYS = {name: key for key, name in KEYS.items()}
_INTERIM = r"(?a) *\d{1,12}\.\d\d,([\w^]{4,10}/s),\d{1,9}\.\d{3},\d{1,12}\.\d{3}"


def interim_unit(line: str) -> str | None:
    """The unit of an interim result in -o output; None when a line is none."""
    match = re.fullmatch(_INTERIM, line)
    return match[1] if match else None


def only_values(line: str) -> bool:
    """Whether a line seems to be one of values."""
    return re.match(r"(?a) *-?\d+(?:\.\d+)?,[^ ]", line) is not None and line.count(",") > 1


class Table:
    """The names of the columns, and the lines of values that follow.

    Args:
        names: of the columns, in order.
        add: takes the keys and values of a line.

    Raises Untrusted when the name of a column is damaged.
    """

    def __init__(self, names: list[str], add: Callable[[dict[str, str]], None]) -> None:
        self.names, self.add, self.empty = names, add, True
        if len(names) > MOST_COLUMNS:
            raise Untrusted(f"{len(names)} columns: netperf has fewer than 200")
        for name in names:
            if name not in _KEYS and near(name, _KEYS):
                raise Untrusted(f"the column {quote(name)} is none of netperf's")

    def take(self, line: str) -> bool:
        """Take a line of values. Raises Untrusted when there are not as many as names."""
        values = _fields(line)
        if not self.empty and (len(values) != len(self.names) or len(values) == 1):
            return False
        if len(values) != len(self.names):
            raise Untrusted(f"{len(values)} values for {len(self.names)} names: {quote(line)}")
        self.empty = False
        pairs = zip(self.names, values, strict=True)
        self.add({_KEYS[name]: value for name, value in pairs if name in _KEYS})
        return True

    def end(self) -> None:
        """Raises Untrusted when no values have come."""
        if self.empty:
            raise Untrusted("the values are missing below the names of their columns")


def names(line: str) -> list[str] | None:
    """The names of the columns, when a line is of such; else None."""
    fields = [field.strip() for field in line.split(",")]
    return fields if any(field in _KEYS for field in fields) else None


def _fields(line: str) -> list[str]:
    if '"' not in line:
        return [field.strip() for field in line.split(",")]
    import csv

    try:  # a command line is in quotes, and holds commas
        return [field.strip() for field in next(csv.reader([line]))]
    except csv.Error as fault:
        raise Untrusted(f"damaged quotes: {fault}") from None
