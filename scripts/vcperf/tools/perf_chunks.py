"""perf script's output in pieces of whole samples, of which only one is in memory at a time."""

from __future__ import annotations

from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Lines(Protocol):
        """What is read of a binary stream."""

        def read(self, size: int, /) -> bytes: ...
        def readline(self, size: int, /) -> bytes: ...


CHUNK = 1 << 19  # bytes: what fits into a processor's cache is read fastest
LONGEST_LINE = 1 << 18
LARGEST_CHUNK = 1 << 23  # a call stack has at most some thousand frames


def chunks(stream: Lines) -> Iterator[bytes]:
    """The stream in pieces of whole samples.

    Raises Untrusted when it ends within a line or a call stack, or one of them has no end in
    sight.
    """
    while text := stream.read(CHUNK):
        lines = [text]
        line = text[text.rfind(b"\n", 0, -1) + 1 :]
        if not line.endswith(b"\n"):
            lines.append(_line(stream))
            line += lines[-1]
        size = len(text)
        while _is_open(line):
            line = _line(stream)
            if not line:
                raise Untrusted("the output is cut off: its last call stack has no end")
            lines.append(line)
            size += len(line)
            if size > LARGEST_CHUNK:
                raise Untrusted(f"a call stack of more than {LARGEST_CHUNK - CHUNK} bytes")
        if not line.endswith(b"\n"):
            raise Untrusted("the output is cut off: its last line has no end")
        yield b"".join(lines)


def _line(stream: Lines) -> bytes:
    line = stream.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
        raise Untrusted(f"a line of more than {LONGEST_LINE} bytes")
    return line


def _is_open(line: bytes) -> bool:
    """Whether more must come: behind a call stack's head, a frame, a list of namespaces."""
    end = line.rstrip()
    if line.startswith(b"\t\t"):
        return not end.endswith(b"]")
    return line.startswith(b"\t") or end.endswith(b":") or b" nr_namespaces: " in line
