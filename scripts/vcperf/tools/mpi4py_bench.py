"""mpi4py.bench's ping-pong, which runs on any MPI library: command line and parser.

::

    # MPI PingPong Test
    # Size [B]  Bandwidth [MB/s] | Time Mean [s] ± StdDev [s]  Samples
          1024             57.87 | 1.7696358e-05 ± 6.5732e-06     1000

gives ``1024,1000,17.696358,6.5732,57.864 ...``: half the round trip, mean and standard deviation
over the samples, and the bandwidth in 10^6 bytes/s, computed from size and time. Format:
pingpong in mpi4py/bench.py, 3.1 to 4.1.

Python's own time is in it, some microseconds a message. With one process it talks to itself
and prints the same: see to it that the launcher starts two.
"""

from __future__ import annotations

import re
import sys

from vcperf.errors import VcperfError, quote
from vcperf.tools.filter import Row, Untrusted, main
from vcperf.tools.launcher import lines, number, without_rank_prefix
from vcperf.tools.mpi import failure, fault

COLUMNS = (
    "message_bytes",
    "repetitions",
    "latency_us",
    "latency_sd_us",
    "bandwidth_mbytes_per_s",
)
MOST_BYTES = 2**32  # the largest it knows

_TITLE = "# MPI PingPong Test"
_HEADER = "# Size [B] Bandwidth [MB/s] | Time Mean [s] ± StdDev [s] Samples"
_ROW = (
    r"(?a)([1-9]\d{0,9}) (\d{1,12}\.\d{2}) \| (\d\.\d{7}e[+-]\d\d) ± (\d\.\d{4}e[+-]\d\d)"
    r" ([1-9]\d{0,9})"
)
# A damaged row, or a line of another report: a comment, a size alone, a column's edge.
_OF_TABLE = r"(?a)#|\d+(?: |$)|[^|]*\|"


def argv(
    python: str, *, largest_bytes: int, smallest_bytes: int = 1, iterations: int | None = None
) -> list[str]:
    """The command line, without the launcher.

    Args:
        python: an interpreter that has mpi4py.
        smallest_bytes, largest_bytes: the powers of two between them are measured; its own
            largest would be 1 GiB.
        iterations: up to 16 KiB, where its own is 10000; longer messages take 1000 at most, those
            above 1 MiB take 10.

    Raises VcperfError for sizes between which there is no power of two.

    >>> argv("python3", largest_bytes=65536)
    ['python3', '-m', 'mpi4py.bench', 'pingpong', '-m', '1', '-n', '65536']
    """
    if not sizes(smallest_bytes, largest_bytes):
        raise VcperfError(
            f"no power of two from {smallest_bytes} to {largest_bytes} bytes:"
            f" mpi4py.bench measures those from 1 to {MOST_BYTES}"
        )
    command = [python, "-m", "mpi4py.bench", "pingpong"]
    command += ["-m", str(smallest_bytes), "-n", str(largest_bytes)]
    if iterations is None:
        return command
    if isinstance(iterations, bool) or not isinstance(iterations, int) or iterations < 1:
        raise VcperfError(f"iterations {iterations}: expected a whole number above 0")
    return [*command, "-l", str(iterations)]


def sizes(smallest_bytes: int, largest_bytes: int) -> list[int]:
    """The message sizes, in bytes, that it measures between two.

    >>> sizes(3, 20)
    [4, 8, 16]
    """
    powers = [2**exponent for exponent in range(33)]
    return [size for size in powers if smallest_bytes <= size <= largest_bytes]


def parse(text: str, expected: list[int] | None = None) -> list[Row]:
    """Rows of COLUMNS, one per message size.

    Args:
        expected: the sizes asked for; as no line marks the end of the output, these alone
            show that it is whole.

    What a launcher or a batch system prints before the title and behind the rows is left out.

    Raises Untrusted when a line among the rows is not one of them, sizes do not double from row
    to row or are not those expected, bandwidth and time contradict each other, or no row is there.
    """
    if failure(text):
        raise Untrusted(f"the job failed: {fault(text)}")
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    text = without_rank_prefix(text, _TITLE)
    rows = _table(text)
    if rows is None:
        raise Untrusted(f"no title and header of mpi4py.bench pingpong: {fault(text)}")
    if not rows:
        raise Untrusted("a header and no rows")
    found = [row["message_bytes"] for row in rows]
    if expected is not None and found != expected:
        raise Untrusted(
            f"sizes {found[0]} to {found[-1]}, expected {expected[0]} to {expected[-1]}"
        )
    return rows


def _table(text: str) -> list[Row] | None:
    """The rows below the title and the header; None where these are missing."""
    rows: list[Row] = []
    wanted, ended = [_TITLE, _HEADER], False
    for start, _, line in lines(text):
        match = None if wanted or ended else re.fullmatch(_ROW, line)
        try:
            if wanted and line == wanted[0]:
                del wanted[0]
            elif len(wanted) == 1:
                return None
            elif match:
                rows.append(_row(match, rows[-1]["message_bytes"] if rows else None))
            elif "\u00b1" in line or (not wanted and re.match(_OF_TABLE, line)):
                raise Untrusted(f"not a row of mpi4py.bench: {quote(line)}")
            else:  # a launcher or a batch system, before the title or behind the rows
                ended = not wanted
        except Untrusted as reason:
            raise Untrusted(f"line {number(text, start)}: {reason}") from None
    return None if wanted else rows


def _row(match: re.Match[str], before: int | None) -> Row:
    size, printed, time_s, deviation_s = int(match[1]), *map(float, match.groups()[1:4])
    if size & (size - 1) or size > MOST_BYTES:
        raise Untrusted(f"{size} bytes: expected a power of two")
    if before is not None and size != 2 * before:
        raise Untrusted(f"{size} bytes after {before}: expected twice as many")
    if time_s <= 0:
        raise Untrusted("a message that took no time")
    bandwidth = size / time_s / 1e6
    if abs(bandwidth - printed) > 0.00501 + 1e-6 * bandwidth:
        raise Untrusted(f"{printed} MB/s contradict {time_s} s")
    return {
        "message_bytes": size,
        "repetitions": int(match[5]),
        "latency_us": round(time_s * 1e6, 9),
        "latency_sd_us": round(deviation_s * 1e6, 9),
        "bandwidth_mbytes_per_s": round(bandwidth, 6),
    }


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
