"""What makes a parser a filter: text in, CSV out, or one line saying why not."""

from __future__ import annotations

import contextlib
import re
import sys

from vcperf.errors import VcperfError, quote

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

MOST_BYTES = 1 << 25  # of a report: campaigns keep 8 MB of what a program prints
_IN_MEMORY = 1 << 24  # bytes
_BATCH = 1000  # rows
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


def main(
    parse: Callable[[str], list[Row]], columns: Sequence[str], most_bytes: int = MOST_BYTES
) -> int:
    """Run a parser over standard input.

    Args:
        parse: text -> rows, which may be Rows; raises Untrusted.
        columns: the header; a row's missing or None values print empty.
        most_bytes: longer texts are refused.

    Returns the exit status: 0, with the notes on stderr, or 1 with one line on stderr and no
    rows.
    """
    try:
        rows = parse(standard_input(most_bytes))
    except Untrusted as fault:
        print(f"rejected: {fault}", file=sys.stderr)
        return 1
    write(rows, columns)
    for note in getattr(rows, "notes", ()):
        print(note, file=sys.stderr)
    return 0


def standard_input(most_bytes: int = MOST_BYTES) -> str:
    """What standard input has. Raises Untrusted when that is more than most_bytes."""
    text = sys.stdin.buffer.read(most_bytes + 1)
    if len(text) > most_bytes:
        raise Untrusted(f"more than {most_bytes} bytes: no report is that long")
    return text.decode("utf-8", errors="replace")


def print_whole(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> int:
    """Print rows as they are read, but only when all can be: until then they are in memory,
    and on disk where they are many.

    Args:
        rows: the values of each, one per column; None prints empty. Raises Untrusted.
        columns: the header.

    Returns the exit status as main does.
    """
    import csv
    import io
    import itertools
    import shutil
    import tempfile

    with tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", newline="") as printed:
        batch = io.StringIO()  # a file that may move to the disk is slow in small pieces
        writer = csv.writer(batch, lineterminator="\n")
        writer.writerow(columns)
        remaining = iter(rows)
        try:
            while some := list(itertools.islice(remaining, _BATCH)):
                writer.writerows(some)
                printed.write(batch.getvalue())
                batch.seek(0)
                batch.truncate()
        except Untrusted as fault:
            print(f"rejected: {fault}", file=sys.stderr)
            return 1
        printed.write(batch.getvalue())
        printed.seek(0)
        with whole_pipe():
            shutil.copyfileobj(printed, sys.stdout)
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

    writer = csv.writer(sys.stdout, lineterminator="\n")
    with whole_pipe():
        writer.writerow(columns)
        writer.writerows(rows)


@contextlib.contextmanager
def whole_pipe() -> Iterator[None]:
    """Print to the end, or until whoever reads, head say, wants no more."""
    import os

    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
