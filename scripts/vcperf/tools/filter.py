"""What makes a parser a filter: text in, CSV out, or one line saying why not."""

from __future__ import annotations

import sys

from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

Row = dict[str, "Any"]


class Untrusted(VcperfError):
    """Output of a tool that no number should be taken from."""


def main(parse: Callable[[str], list[Row]], columns: Sequence[str]) -> int:
    """Run a parser over standard input.

    Args:
        parse: text -> rows; raises Untrusted.
        columns: the header; a row's missing or None values print empty.

    Returns the exit status: 0, or 1 with one line on stderr and no rows.
    """
    try:
        rows = parse(sys.stdin.buffer.read().decode("utf-8", errors="replace"))
    except Untrusted as fault:
        print(f"rejected: {fault}", file=sys.stderr)
        return 1
    write(rows, columns)
    return 0


def write(rows: list[Row], columns: Sequence[str]) -> None:
    """Print rows as CSV with a header; what a row lacks prints empty."""
    import csv
    import os

    writer = csv.writer(sys.stdout, lineterminator="\n")
    try:
        writer.writerow(columns)
        for row in rows:
            writer.writerow(["" if row.get(c) is None else row[c] for c in columns])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads, head say, wants no more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
