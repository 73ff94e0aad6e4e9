"""IMB-MPI1 of the Intel MPI Benchmarks: command lines, and a parser for what it prints.

Reads 3.x, 4.x and 2017-2021, and the ping-pong of scripts/workloads/mpi, which prints the same::

    #---------------------------------------------------
    # Benchmarking PingPong
    # #processes = 2
    #---------------------------------------------------
           #bytes #repetitions      t[usec]   Mbytes/sec
             1024         1000        24.77        41.35

    # All processes entering MPI_Finalize

gives ``PingPong,2,1024,1000,24.77,,,41.34033``. Other tables have t_min, t_max and t_avg for the
one time, of which latency_us is the average over processes; Barrier has no bytes.

bandwidth_mbytes_per_s, in 10^6 bytes/s, is computed from bytes and time, as IMB before 2018
prints 2^20. As in IMB (IMB_output.c, IMB_parse_name_mpi1.c of 2021) it is bytes / t for PingPong
(t is half a round trip) and PingPing, 2 bytes / t_max for Sendrecv, 4 bytes / t_max for Exchange:
what one process sends and receives. Collectives have none. What IMB printed must agree with it.

A table has each size once. Without lengths of the user's it begins with 0, and doubles up to the
maximum announced, from 1, or from the first that -msglog or whole items of a reduction allow.

3.0 prints no closing line: a PingPong or PingPing of it is whole once its table reaches the
maximum length announced; its other benchmarks, which may run on several numbers of processes,
are not trusted. Uniband and Biband print a bandwidth and no time: theirs is taken as printed.
"""

from __future__ import annotations

import re
import sys

from vcperf.errors import VcperfError
from vcperf.tools.filter import Row, Untrusted, main
from vcperf.tools.mpi import failure, fault

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    "benchmark",
    "processes",
    "message_bytes",
    "repetitions",
    "latency_us",
    "t_min_us",
    "t_max_us",
    "bandwidth_mbytes_per_s",
)
BENCHMARKS = tuple(
    "PingPong PingPing Sendrecv Exchange Bcast Allgather Allgatherv Alltoall Reduce"
    " Reduce_scatter Allreduce Barrier".split()
)
MOST_BYTES = 2**30  # pingpong.c's limit; IMB's is that of an int

_TITLE = r"#\s+(?:.*MPI Benchmark.*), MPI-1 part\)?"
_LIST = "# List of Benchmarks to run:"
_BEGIN = r"# Benchmarking (\S+)"
_PROCESSES = r"(?a)# #processes = ([1-9]\d{0,6})"
_END = "# All processes entering MPI_Finalize"
_LARGEST = r"(?a)# Maximum message length in bytes: (\d{1,15})"
_SIZES_ASKED_FOR = r"# .*-(?:msglog|zero_size)\b"  # in the calling sequence
_ENDLESS = r"MPI Benchmark Suite V3\.0"
_INVALID = r"(?a)# !! Benchmark (\S+) invalid for (\d+) processes !!"
_INTEGER = r"(?a)\d{1,15}"
_DECIMAL = r"(?a)\d{1,15}\.\d{2}"
_TIMES = "t_min[usec] t_max[usec] t_avg[usec]"
_HEADERS = {
    "#bytes #repetitions t[usec] Mbytes/sec": "bytes repetitions latency printed",
    f"#bytes #repetitions {_TIMES} Mbytes/sec": "bytes repetitions t_min t_max latency printed",
    f"#bytes #repetitions {_TIMES}": "bytes repetitions t_min t_max latency",
    f"#repetitions {_TIMES}": "repetitions t_min t_max latency",
    "#bytes #repetitions Mbytes/sec Msg/sec": "bytes repetitions printed messages",
}
_MESSAGES = {"PingPong": 1, "PingPing": 1, "Sendrecv": 2, "Exchange": 4}
_ROUNDING = 0.005001  # of two decimals


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
    """Rows of COLUMNS, one a line of a table; what a table does not tell is None.

    Raises Untrusted when the output does not begin and end as IMB's does, a benchmark that it
    announced has no table, a line is not one that IMB prints, or a figure contradicts another.
    """
    if failure(text):
        raise Untrusted(f"the job failed: {fault(text)}")
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            reader.feed(" ".join(line.split()))
        except Untrusted as reason:
            raise Untrusted(f"line {number}: {reason}") from None
    return reader.finish(text)


class _Reader:
    """Takes an output line by line; what a line may be depends on the lines before."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.began = self.ended = False
        self.endless = False  # the version prints no end
        self.largest: int | None = None
        self.free_start = False
        self.listing = False
        self.announced: list[str] = []
        self.seen: set[str] = set()
        self.benchmark: str | None = None
        self.processes: int | None = None
        self.layout: list[str] = []  # of the table that a row may come of
        self.table_rows = 0
        self.sizes: list[int] = []  # of the table

    def feed(self, line: str) -> None:
        if re.fullmatch(_TITLE, line):
            if self.began:
                raise Untrusted("a second output begins: expected one")
            self.began = True
            self.endless = re.search(_ENDLESS, line) is not None
        elif not self.began:
            return  # of the launcher or the library, such as I_MPI_DEBUG's
        elif not line:
            if self.layout and self.table_rows:
                self._end_table()
        elif self.ended:
            raise Untrusted(f"something follows the end: {line!r}")
        elif line in _HEADERS:
            self._header(line)
        elif line.startswith("#"):
            self._comment(line)
        else:
            self._row(line)

    def finish(self, text: str) -> list[Row]:
        if not self.began:
            raise Untrusted(f"no title of IMB-MPI1: {fault(text)}")
        if self.endless and not self.ended:
            self._end_of_endless()
        elif not self.ended:
            raise Untrusted(f"the output is cut off: the line {_END[2:]!r} is missing")
        if not self.rows:
            raise Untrusted("no result in it")
        return self.rows

    def _comment(self, line: str) -> None:
        invalid = re.fullmatch(_INVALID, line)
        if invalid:
            raise Untrusted(f"{invalid[1]} cannot run on {invalid[2]} processes")
        if line.startswith("# !!"):
            raise Untrusted(f"IMB complains: {line!r}")
        begin, processes = re.fullmatch(_BEGIN, line), re.fullmatch(_PROCESSES, line)
        if self.layout:
            if not line.startswith("#---"):  # such as a row behind a damaged character
                raise Untrusted(f"not a row of {self.benchmark}: {line!r}")
            self._end_table()
        if begin:
            self._no_table_owed()
            self.benchmark, self.processes, self.listing = begin[1], None, False
            if self.announced and begin[1] not in self.announced:
                raise Untrusted(f"{begin[1]} is not among the benchmarks announced")
        elif processes and self.benchmark:
            self.processes = int(processes[1])
        elif line == _END:
            self._end()
        elif largest := re.fullmatch(_LARGEST, line):
            self.largest = int(largest[1])
        elif not self.announced and re.match(_SIZES_ASKED_FOR, line):
            self.free_start = True
        elif line == _LIST:
            self.listing = True
        elif self.listing and re.fullmatch(r"# [A-Z]\w+", line):
            self.announced.append(line[2:])

    def _end(self) -> None:
        self._no_table_owed()
        missing = [name for name in self.announced if name not in self.seen]
        if missing:
            raise Untrusted(f"{missing[0]} was announced and has no table")
        self.ended = True

    def _end_of_endless(self) -> None:
        """What was announced tells whether the output is whole, where it can."""
        if self.layout:
            self._end_table()
        self._end()
        if self.largest is None:
            raise Untrusted("this version prints no end, and no maximum length is announced")
        for name in sorted({row["benchmark"] for row in self.rows} - {"PingPong", "PingPing"}):
            raise Untrusted(f"this version prints no end: {name} may lack a table")

    def _no_table_owed(self) -> None:
        if self.benchmark is not None:
            raise Untrusted(f"{self.benchmark} began and gave no table")

    def _header(self, line: str) -> None:
        if self.benchmark is None or self.processes is None:
            raise Untrusted("a table of no benchmark, or of no number of processes")
        self.layout, self.table_rows, self.sizes = _HEADERS[line].split(), 0, []

    def _end_table(self) -> None:
        assert self.benchmark is not None
        if not self.table_rows:
            raise Untrusted(f"the table of {self.benchmark} is empty")
        if self.largest is not None and "bytes" in self.layout:
            self._check_sizes(self.largest)
        self.seen.add(self.benchmark)
        self.layout, self.benchmark, self.processes = [], None, None

    def _check_sizes(self, largest: int) -> None:
        """Each size that IMB takes by itself must be there."""
        assert self.benchmark is not None
        sizes = self.sizes
        first = 1
        if self.free_start or "educe" in self.benchmark:
            first = next((size for size in sizes if size), largest)
        wanted = [] if self.free_start and sizes[0] else [0]
        size = first
        while size <= largest:
            wanted.append(size)
            size *= 2
        for found, size in zip(sizes, wanted, strict=False):
            if found != size:
                raise Untrusted(f"the table of {self.benchmark} lacks {size} bytes")
        if sizes != wanted or wanted[-1] != largest:
            raise Untrusted(f"the table of {self.benchmark} ends at {sizes[-1]} of {largest} bytes")

    def _row(self, line: str) -> None:
        words = line.split()
        if not self.layout:
            raise Untrusted(f"not a line of a sound report: {line!r}")
        form = {"bytes": _INTEGER, "repetitions": _INTEGER, "messages": _INTEGER}
        patterns = [form.get(column, _DECIMAL) for column in self.layout]
        if len(words) != len(patterns) or not all(map(re.fullmatch, patterns, words)):
            raise Untrusted(f"not a row of {self.benchmark}: {line!r}")
        values = dict(zip(self.layout, map(float, words), strict=True))
        assert self.benchmark is not None
        self.table_rows += 1
        row = _checked(self.benchmark, self.processes, values)
        if "bytes" in values:
            if row["message_bytes"] in self.sizes:
                raise Untrusted(f"{row['message_bytes']} bytes are there twice")
            self.sizes.append(row["message_bytes"])
        self.rows.append(row)


def _checked(benchmark: str, processes: int | None, values: dict[str, float]) -> Row:
    """A row with every column, once its figures agree with each other."""
    if values["repetitions"] < 1:
        raise Untrusted("a row of no repetition")
    least, most = values.get("t_min"), values.get("t_max")
    if least is not None and most is not None:
        mean = values["latency"]
        if not least - 2 * _ROUNDING <= mean <= most + 2 * _ROUNDING:
            raise Untrusted(f"t_avg {mean} is not between t_min {least} and t_max {most}")
    row: Row = dict.fromkeys(COLUMNS)
    row.update(benchmark=benchmark, processes=processes, repetitions=int(values["repetitions"]))
    row.update(latency_us=values.get("latency"), t_min_us=least, t_max_us=most)
    if "bytes" in values:
        row["message_bytes"] = int(values["bytes"])
    if "messages" in values:
        row["bandwidth_mbytes_per_s"] = values["printed"]
    elif "printed" in values:
        time_us = values["latency"] if most is None else most
        row["bandwidth_mbytes_per_s"] = _bandwidth(benchmark, values, time_us)
    return row


def _bandwidth(benchmark: str, values: dict[str, float], time_us: float) -> float | None:
    family = re.sub(r"(?:Any|Specific)Source$", "", benchmark)
    if family not in _MESSAGES:
        raise Untrusted(f"{benchmark} is not known to print a bandwidth")
    volume = _MESSAGES[family] * values["bytes"]
    # Bytes a microsecond are 10^6 bytes/s; up to IMB 2017 the printed unit was 2^20.
    highest = volume / (time_us - _ROUNDING) if time_us > _ROUNDING else float("inf")
    lowest = volume / (time_us + _ROUNDING)
    if not any(
        lowest / unit - _ROUNDING <= values["printed"] <= highest / unit + _ROUNDING
        for unit in (1.0, 2**20 / 1e6)
    ):
        raise Untrusted(f"{values['printed']} Mbytes/sec contradict {time_us} us")
    return round(volume / time_us, 6) if time_us else None


def _names() -> str:
    return ", ".join(BENCHMARKS)


def _suggestion(name: str) -> str:
    import difflib

    lower = {known.lower(): known for known in BENCHMARKS}
    near = difflib.get_close_matches(str(name).lower(), lower, n=1)
    return f"did you mean {lower[near[0]]}?" if near else f"expected one of {_names()}"


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
