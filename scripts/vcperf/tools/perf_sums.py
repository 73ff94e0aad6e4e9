"""Samples added up in loops that are not Python's: each costs less than a microsecond."""

from __future__ import annotations

from collections import Counter, defaultdict

from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Base = dict[bytes, int]
else:
    Base = dict

ENTRY = 200  # bytes that one more costs beside its text, about
_PERIOD_DIGITS = 20
_CONSTANT_PERIODS = 8


class Known(Base):
    """Numbers of what texts mean, by the text; equal values have one number.

    Attributes:
        value_of: by number.
        bytes: that are remembered, about.
    """

    def __init__(self, read: Callable[[bytes], Any], step: int) -> None:
        self._read, self._step = read, step
        self.forget()

    def forget(self) -> None:
        self.clear()
        self.value_of: dict[int, Any] = {}
        self._numbers: dict[Any, int] = {}
        self.bytes = 0

    def __missing__(self, text: bytes) -> int:
        value = self._read(text)
        number = self._numbers.setdefault(value, len(self.value_of) * self._step)
        self.value_of[number] = value
        self.bytes += len(text) + ENTRY
        self[text] = number
        return number


class Sums:
    """How many samples each key has, and the sum of their periods."""

    def __init__(self) -> None:
        self._alike: dict[int, Counter[int]] = {}  # by period
        self._counts: Counter[int] = Counter()
        self._periods: dict[int, int] = defaultdict(int)

    def add(self, keys: list[int], periods: list[bytes]) -> None:
        """Add samples. Raises Untrusted where a period is too long to be one."""
        distinct = set(periods)
        if max(map(len, distinct)) > _PERIOD_DIGITS:
            raise Untrusted(f"a period of more than {_PERIOD_DIGITS} digits")
        if len(distinct) == 1 and (
            int(periods[0]) in self._alike or len(self._alike) < _CONSTANT_PERIODS
        ):
            self._alike.setdefault(int(periods[0]), Counter()).update(keys)
            return
        self._counts.update(keys)
        sums = self._periods
        for key, period in zip(keys, map(int, periods), strict=True):
            sums[key] += period

    def empty(self) -> Iterator[tuple[int, int, int]]:
        """Each key, its samples and periods, which are forgotten."""
        for period, counts in self._alike.items():
            for key, count in counts.items():
                yield key, count, count * period
        for key, count in self._counts.items():
            yield key, count, self._periods[key]
        self.__init__()  # type: ignore[misc]
