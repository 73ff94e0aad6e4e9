"""perf script's output of Linux 3.2 to 3.13 for `perf record -p`: samples without a time.

::

    sorter  8812 cpu-clock:
              400541 partition (/opt/sorter)
"""

from __future__ import annotations

import re

from vcperf.tools.perf_repeats import UNTIMED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import BufferedReader

    from vcperf.tools.perf_chunks import Lines

_HEAD = re.compile(rb"(?m)^( *\S.{0,15}? +\d{1,10}) +([^\s\d]\S*: *)$")
_FRAME = re.compile(rb"(?m)^ {2,}([0-9a-f]+ .*\))$")
_PEEK = 4096


def with_times(stream: BufferedReader) -> Lines:
    """The output as later versions print it.

    Args:
        stream: perf script's output.

    Returns the stream itself where its first sample has a time, or there is none; else the
    same samples, each at the time UNTIMED, their frames behind a tab.
    """
    start = stream.peek(_PEEK)
    line = next((line for line in start.splitlines() if line and not line.startswith(b"#")), b"")
    return _WithTimes(stream) if _HEAD.fullmatch(line) else stream


class _WithTimes:
    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        """At least so many bytes, but for the end."""
        text = self._stream.read(size)
        return _timed(text if text.endswith(b"\n") else text + self._stream.readline(size))

    def readline(self, size: int, /) -> bytes:
        """A line, cut at so many bytes."""
        return _timed(self._stream.readline(size))


def _timed(text: bytes) -> bytes:
    return _FRAME.sub(rb"\t\1", _HEAD.sub(rb"\1 " + UNTIMED + rb": \2", text))
