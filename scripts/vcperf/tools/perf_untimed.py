"""perf script's output of Linux 3.2 to 3.13 for `perf record -p`: samples without a time.

::

    sorter  8812 cpu-clock:
              400541 partition (/opt/sorter)
"""

from __future__ import annotations

import io
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import BufferedReader
    from typing import BinaryIO

_HEAD = re.compile(rb"(?m)^( *\S.{0,15}? +\d+) +([^\s\d]\S*: *)$")
_FRAME = re.compile(rb"(?m)^ {2,}([0-9a-f]+ .*\))$")
_PEEK = 4096


def with_times(stream: BufferedReader) -> BinaryIO:
    """The output as later versions print it.

    Args:
        stream: perf script's output.

    Returns the stream itself where its first sample has a time, or there is none; else the
    same samples, each at 0.0 s, their frames behind a tab.
    """
    start = stream.peek(_PEEK)
    line = next((line for line in start.splitlines() if line and not line.startswith(b"#")), b"")
    if not _HEAD.fullmatch(line):
        return stream
    return io.BytesIO(_FRAME.sub(rb"\t\1", _HEAD.sub(rb"\1 0.0: \2", stream.read())))
