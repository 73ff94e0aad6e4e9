"""Lists of CPUs as Linux, Xen and the configuration write them. Standard library alone."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_DIGITS = 5  # of a CPU's number in what a tool prints: a damaged one must not become huge


def parse(text: int | str) -> list[int]:
    """A CPU, or a list such as ``0-3,5``, as sorted numbers.

    >>> parse("0-2,5")
    [0, 1, 2, 5]
    """
    return sorted({cpu for first, last in ranges(text) for cpu in range(first, last + 1)})


def ranges(text: int | str) -> list[tuple[int, int]]:
    """The first and last CPU of each of its parts, however many lie between.

    >>> ranges("0-99999999999,5")
    [(0, 99999999999), (5, 5)]
    """
    parts = [part.partition("-") for part in str(text).split(",")]
    return [(int(first), int(last or first)) for first, _, last in parts]


def printed_ranges(text: str) -> list[tuple[int, int]]:
    """The ranges of a list that a tool printed: ascending, apart, and written in one way only.

    Returns none for any other text: an empty part, a number with a leading zero (in ``03`` a
    ``-`` or a ``,`` was lost), more than MOST_DIGITS digits, a range that goes down or overlaps.

    >>> printed_ranges("0-2,5"), printed_ranges("2,1"), printed_ranges("03")
    ([(0, 2), (5, 5)], [], [])
    """
    found: list[tuple[int, int]] = []
    for part in text.split(","):
        words = part.split("-")
        if len(words) > 2 or not all(map(_is_cpu, words)):
            return []
        first, last = int(words[0]), int(words[-1])
        if last < first or (found and first <= found[-1][1]):
            return []
        found.append((first, last))
    return found


def written(found: Iterable[tuple[int, int]]) -> str:
    """Ascending ranges as Linux and Xen write them, those that touch as one; empty for none.

    >>> written([(0, 1), (2, 2), (5, 5)])
    '0-2,5'
    """
    merged: list[tuple[int, int]] = []
    for first, last in found:
        if merged and first == merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in merged)


def _is_cpu(word: str) -> bool:
    digits = word.isascii() and word.isdecimal() and len(word) <= MOST_DIGITS
    return digits and (word == "0" or word[0] != "0")
