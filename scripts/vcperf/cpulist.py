"""Lists of CPUs as Linux, Xen and the configuration write them. Standard library alone."""

from __future__ import annotations


def parse(text: int | str) -> list[int]:
    """A CPU, or a list such as ``0-3,5``, as sorted numbers.

    >>> parse("0-2,5")
    [0, 1, 2, 5]
    """
    cpus: set[int] = set()
    for part in str(text).split(","):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return sorted(cpus)
