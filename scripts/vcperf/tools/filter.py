"""What makes a parser a filter: text in, CSV out, or one line saying why not."""

from __future__ import annotations

import re
import sys

from vcperf.errors import VcperfError, quote

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

Row = dict[str, "Any"]


class Untrusted(VcperfError):
    """Output of a tool that no number should be taken from."""


class Rows(list[Row]):
    """Rows, and what the report says is wrong with them though they stand.

    Attributes:
        notes: lines for stderr, such as how many samples were lost.
    """

    def __init__(self, rows: Iterable[Row] = (), notes: Sequence[str] = ()) -> None:
        super().__init__(rows)
        self.notes = notes


def quoted(line: str) -> str:
    """A line of a report for an error, with one blank where it has several."""
    return quote(re.sub(r"\s+", " ", line[:1000]))


def main(parse: Callable[[str], list[Row]], columns: Sequence[str]) -> int:
    """Run a parser over standard input.

    Args:
        parse: text -> rows, which may be Rows; raises Untrusted.
        columns: the header; a row's missing or None values print empty.

    Returns the exit status: 0, with the notes on stderr, or 1 with one line on stderr and no
    rows.
    """
    try:
        rows = parse(sys.stdin.buffer.read().decode("utf-8", errors="replace"))
    except Untrusted as fault:
        print(f"rejected: {fault}", file=sys.stderr)
        return 1
    write(rows, columns)
    for note in getattr(rows, "notes", ()):
        print(note, file=sys.stderr)
    return 0


def write(rows: list[Row], columns: Sequence[str]) -> None:
    """Print rows as CSV with a header; what a row lacks prints empty."""
    write_values(([row.get(column) for column in columns] for row in rows), columns)


def write_values(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> None:
    """Print rows as CSV with a header.

    Args:
        rows: the values of each, one per column; None prints empty.
        columns: the header.
    """
    import csv
    import os

    writer = csv.writer(sys.stdout, lineterminator="\n")
    try:
        writer.writerow(columns)
        writer.writerows(rows)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads, head say, wants no more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
