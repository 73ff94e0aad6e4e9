"""Lists of CPUs as Linux, Xen and the configuration write them. Standard library alone."""

from __future__ import annotations


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
