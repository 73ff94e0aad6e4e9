"""Samples that are there twice: perf script prints each once, in the order of time.

A line that comes again later was copied. Two equal samples in a row can be sound: a timer that
was delayed may expire twice within a microsecond (8 of 1.1 million samples of cpu-clock at
20 kHz, on a virtual machine). So a few of them are accepted, many are not.
"""

from __future__ import annotations

import operator
from collections import deque
from itertools import compress, count, islice

from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Key = tuple[bytes, bytes, bytes]
    """A sample's time, its process and CPU, and its event and calls, as printed."""

UNTIMED = b"0.0"  # the time of a sample without one, see vcperf.tools.perf_untimed
ALLOWED, ONE_IN = 3, 1000
_WINDOW = 8  # chunks


class Repeats:
    """Takes the keys of samples, chunk by chunk."""

    def __init__(self) -> None:
        self._latest = b""
        self._window: deque[_Chunk] = deque(maxlen=_WINDOW)
        self._samples = self._in_a_row = 0

    def take_pieces(self, pieces: Sequence[bytes]) -> None:
        """Take a chunk of which times and periods were cut out: each sample's head (with lines
        in front of it), time and period, then the next; the rest of its line is behind its period.

        Raises Untrusted as take does.
        """

        def key(at: int) -> Key:
            before, time, _period, behind = pieces[3 * at : 3 * at + 4]
            return time, before.rpartition(b"\n")[2], behind.partition(b"\n")[0]

        self._check(pieces[1::3], key)

    def take(self, keys: Sequence[Key]) -> None:
        """Raises Untrusted when a sample is there again behind later ones."""
        if keys:
            self._check([time for time, _, _ in keys], keys.__getitem__)

    def finish(self) -> None:
        """Raises Untrusted when too many samples equal the one above."""
        if self._in_a_row > ALLOWED + self._samples // ONE_IN:
            raise Untrusted(f"{self._in_a_row} of {self._samples} samples are there twice")

    def _check(self, times: Sequence[bytes], key: Callable[[int], Key]) -> None:
        if times[0] == UNTIMED:
            return
        self._samples += len(times)
        # Few are not later than the one before; as text, times of one length compare as numbers.
        not_later = map(operator.ge, times, islice(times, 1, None))
        odd = list(compress(count(1), not_later))
        late = _later(self._latest, times[0])
        for at in odd:
            if times[at] == times[at - 1]:
                self._in_a_row += key(at) == key(at - 1)
            else:
                late = late or _later(times[at - 1], times[at])
        chunk = _Chunk(times, key)
        if late:
            self._look_back(chunk)
        self._window.append(chunk)
        self._latest = chunk.last if not late else max(self._latest, chunk.last, key=_number)

    def _look_back(self, chunk: _Chunk) -> None:
        own = chunk.keys()
        if len(own) < chunk.size - chunk.in_a_row():
            raise Untrusted("a sample is there twice")
        if any(not own.isdisjoint(before.keys()) for before in self._window):
            raise Untrusted("a sample is there twice")
        full = len(self._window) == _WINDOW
        if full and min(map(_number, chunk.times)) < _number(self._window[0].times[0]):
            raise Untrusted("samples are far from the order of time: two outputs in one?")


class _Chunk:
    """Keys, made when they are needed."""

    def __init__(self, times: Sequence[bytes], key: Callable[[int], Key]) -> None:
        self.times, self._key = times, key
        self.size, self.last = len(times), times[-1]
        self._keys: set[Key] | None = None

    def keys(self) -> set[Key]:
        if self._keys is None:
            self._keys = set(map(self._key, range(self.size)))
        return self._keys

    def in_a_row(self) -> int:
        """How many equal the sample above."""
        key = self._key
        pairs = zip(self.times, self.times[1:], strict=False)
        return sum(a == b and key(i) == key(i - 1) for i, (a, b) in enumerate(pairs, 1))


def _number(time: bytes) -> float:
    return float(time or 0)


def _later(time: bytes, other: bytes) -> bool:
    return time > other if len(time) == len(other) else _number(time) > _number(other)
