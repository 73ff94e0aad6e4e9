"""The error a user can do something about, and how it quotes what others wrote."""

from __future__ import annotations

import contextlib
import sys

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_LINE = 300  # characters of an error: it stays readable on a terminal
LONGEST_HEAD = 200  # of a line that is cut: its end says what to do
LONGEST_QUOTE = 80


class VcperfError(Exception):
    """A fault in one line: where it is, what was expected, what to do.

    Whatever is quoted in it, the line is printable and at most LONGEST_LINE characters long.
    """

    def __str__(self) -> str:
        line = printable(" ".join(super().__str__().split()))
        if len(line) <= LONGEST_LINE:
            return line
        return f"{line[:LONGEST_HEAD]} ... {line[LONGEST_HEAD + 5 - LONGEST_LINE :]}"


@contextlib.contextmanager
def told_in_one_line() -> Iterator[None]:
    """End the process with exit status 1 and one line on stderr when a VcperfError comes out."""
    try:
        yield
    except VcperfError as error:
        sys.exit(str(error))


def quote(text: object) -> str:
    """A text from outside, in quotes, for an error: printable, and cut when it is long.

    >>> quote("a\\x1b[31m" + 100 * "b")[:20]
    "'a\\\\x1b[31mbbbbbbbbbb"
    >>> len(quote(10**6 * "b"))
    82
    """
    start = printable(str(text)[: LONGEST_QUOTE + 1])
    return f"'{start}'" if len(start) <= LONGEST_QUOTE else f"'{start[: LONGEST_QUOTE - 3]}...'"


def printable(text: str) -> str:
    """A text with its control characters, and those that reverse its direction, escaped.

    >>> printable("a\\0b\\u202ec")
    'a\\\\x00b\\\\u202ec'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def suggest(word: str, known: Iterable[str]) -> str:
    """A hint that ends an error: the closest known word, or all of them.

    >>> suggest("netprf", ["imb", "netperf"])
    ", did you mean 'netperf'?"
    >>> suggest("x", ["imb", "netperf"])
    '; known: imb, netperf'
    """
    import difflib  # a measurement that goes well needs it not

    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.8)
    if close:
        return f", did you mean '{close[0]}'?"
    return f"; known: {', '.join(known)}" if known else ""
