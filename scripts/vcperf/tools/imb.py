"""IMB-MPI1 of the Intel MPI Benchmarks: command lines, and a parser for what it prints.

Reads 2.x to 4.x and 2017-2021, and the ping-pong of scripts/workloads/mpi, which prints the same::

    #---------------------------------------------------
    # Benchmarking PingPong
    # #processes = 2
    #---------------------------------------------------
           #bytes #repetitions      t[usec]   Mbytes/sec
             1024         1000        24.77        41.35

    # All processes entering MPI_Finalize

gives ``PingPong,2,1024,1000,24.77,,,41.34033``. Other tables have t_min, t_max and t_avg for the
one time, of which latency_us is the average over processes; Barrier has no bytes.

bandwidth_mbytes_per_s, in 10^6 bytes/s, is computed from bytes and time, and what IMB printed must
agree with it (vcperf.tools.imb_rows). Collectives have none. Uniband and Biband print a bandwidth
and no time: theirs is taken as printed.

A table has each size once. Without lengths of the user's it begins with 0, and doubles up to the
maximum announced, from 1, or from the first that -msglog or whole items of a datatype allow. The
same table twice gives its rows once.

A report reaches from the title to the closing line (vcperf.tools.imb_report). What a launcher or
a batch system prints before and behind it is left out; inside, a line that IMB does not print is
refused.
"""

from __future__ import annotations

import sys

from vcperf.errors import VcperfError
from vcperf.tools.filter import Row, Untrusted, main
from vcperf.tools.imb_report import TITLE, Reader
from vcperf.tools.imb_rows import COLUMNS
from vcperf.tools.launcher import lines, number, without_rank_prefix
from vcperf.tools.mpi import failure, fault

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COLUMNS"]

BENCHMARKS = tuple(
    "PingPong PingPing Sendrecv Exchange Bcast Allgather Allgatherv Alltoall Reduce"
    " Reduce_scatter Allreduce Barrier".split()
)
MOST_BYTES = 2**30  # pingpong.c's limit; IMB's is that of an int


def argv(
    program: str,
    benchmarks: Sequence[str],
    *,
    lengths_file: str | None = None,
    iterations: int | None = None,
    seconds: float | None = None,
    all_processes: int | None = None,
) -> list[str]:
    """The command line of IMB-MPI1 (or, for PingPong alone, of pingpong), without the launcher.

    Args:
        program: its path.
        benchmarks: names out of BENCHMARKS. IMB takes one that it does not know for none, and
            runs them all, with status 0; so they are checked here.
        lengths_file: a file as `lengths` writes; None is 0, 1, 2, 4 ... 4194304 bytes.
        iterations: most repetitions of a length; None is IMB's 1000.
        seconds: most seconds a length; None is IMB's 10.
        all_processes: as many as the launcher starts: IMB measures with them alone, where it
            else begins with two and doubles. None leaves that, and is pingpong's.

    Raises VcperfError for what IMB would not take, or take for something else.

    >>> argv("IMB-MPI1", ["PingPong"], iterations=100)
    ['IMB-MPI1', '-iter', '100', 'PingPong']
    """
    if not benchmarks:
        raise VcperfError(f"no benchmark of IMB-MPI1 chosen: expected some of {_names()}")
    for name in benchmarks:
        if name not in BENCHMARKS:
            raise VcperfError(f"{name!r} is no benchmark of IMB-MPI1: {_suggestion(name)}")
    options: list[str] = []
    if lengths_file is not None:
        if not lengths_file or lengths_file.startswith("-"):
            raise VcperfError(f"{lengths_file!r} is not the path of a file of message lengths")
        options += ["-msglen", lengths_file]
    for option, count in (("-iter", iterations), ("-npmin", all_processes)):
        if count is None:
            continue
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count < 2**31:
            raise VcperfError(f"{option} {count}: expected a whole number above 0")
        options += [option, str(count)]
    if seconds is not None:
        if not 0 < seconds <= 1e6:
            raise VcperfError(f"-time {seconds}: expected seconds, above 0")
        options += ["-time", f"{seconds:.9g}"]
    return [program, *options, *benchmarks]


def lengths(message_bytes: Sequence[int]) -> str:
    """The text of a file for -msglen: one length a line, ascending, each once.

    Raises VcperfError for a length that is not a whole number from 0 to MOST_BYTES, or none.

    >>> lengths([1024, 0])
    '0\\n1024\\n'
    """
    if not message_bytes:
        raise VcperfError("no message length: expected at least one")
    for size in message_bytes:
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= MOST_BYTES:
            raise VcperfError(f"message length {size}: expected whole bytes, 0 to {MOST_BYTES}")
    return "".join(f"{size}\n" for size in sorted(set(message_bytes)))


def parse(text: str) -> list[Row]:
    """Rows of COLUMNS, one per line of a table; what a table does not have is None.

    Raises Untrusted when the output does not begin and end as IMB's does, a benchmark that it
    announced has no table, a line is not one that IMB prints, or a figure contradicts another.
    """
    if failure(text):
        raise Untrusted(f"the job failed: {fault(text)}")
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    text = without_rank_prefix(text, TITLE)
    reader = Reader()
    for start, after_blank, line in lines(text):
        try:
            if after_blank:
                reader.blank()
            reader.feed(line)
        except Untrusted as reason:
            raise Untrusted(f"line {number(text, start)}: {reason}") from None
    return reader.finish(text)


def _names() -> str:
    return ", ".join(BENCHMARKS)


def _suggestion(name: str) -> str:
    import difflib

    lower = {known.lower(): known for known in BENCHMARKS}
    near = difflib.get_close_matches(str(name).lower(), lower, n=1)
    return f"did you mean {lower[near[0]]}?" if near else f"expected one of {_names()}"


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
