"""What an output of IMB-MPI1 is made of, from its title to its closing line.

Format: IMB_output.c, IMB_g_info.c and MPI1_suite.cpp of 2021, and published reports of 2.3 to 4.1.
Versions before 3.2 print no closing line: a PingPong or PingPing of theirs is whole once its table
reaches the maximum length announced; their other benchmarks, which may run on several numbers of
processes, are not trusted.
"""

from __future__ import annotations

import re

from vcperf.errors import quote
from vcperf.tools import imb_rows
from vcperf.tools.filter import Row, Untrusted
from vcperf.tools.launcher import number
from vcperf.tools.mpi import fault

TITLE = r"#[ \t]+[^\n]{0,200}MPI Benchmark"
_TITLE_ENDS = (", MPI-1 part", ", MPI-1 part)", ", MPI-1 part (GPU)")
_ENDLESS = r"MPI Benchmark Suite V(?:[12]\.|3\.[01]\b)"
_LIST = "# List of Benchmarks to run:"
_NAME = r"([A-Za-z][\w-]{0,40})"
_BEGIN = rf"(?a)# Benchmarking {_NAME}"
_PROCESSES = r"(?a)# #processes = ([1-9]\d{0,6})(; rank order \(rowwise\):)?"
_RANKS = r"(?a)#(?: \d{1,7})+"  # a row of the grid that -map asks for
_MOST_RANKS = 1024  # of which each is shown
_WAITING = r"(?a)# \( (\d{1,7}) additional process(?:es)? waiting in MPI_Barrier\)"
_INVALID = rf"(?a)# !! Benchmark {_NAME} invalid for (\d{{1,7}}) processes !!"
_END = "# All processes entering MPI_Finalize"
_LARGEST = r"(?a)# Maximum message length in bytes: (\d{1,15})"
# In the calling sequence, or whole items of more than one byte.
_SIZES_ASKED_FOR = r"# .*-(?:msglog|zero_size)\b|# MPI_Datatype : MPI_(?!BYTE\b)"
_MOST_ROWS = 100_000  # IMB measures some 25 per benchmark and number of processes


class Reader:
    """Takes an output line by line; what a line may be depends on the lines before.

    `feed` and `finish` raise Untrusted when the output does not begin and end as IMB's does, a
    benchmark that it announced has no table, a line is not one that IMB prints, or a figure
    contradicts another.
    """

    def __init__(self) -> None:
        self._began = self._ended = False
        self._endless = False  # the version prints no end
        self._units: set[float] = set()  # what a megabyte may be
        self._largest: int | None = None
        self._free_start = False
        self._listing = False
        self._announced: list[str] = []
        self._rows: list[Row] = []
        self._sizes: dict[str, list[int]] = {}  # of a benchmark, on any number of processes
        # Of a benchmark and a number of processes; as many as the benchmark was announced.
        self._tables: dict[tuple[str, int], list[list[Row]]] = {}
        # Processes started, where some wait; and those of tables for which none waits.
        self._started: set[int] = set()
        self._all: set[int] = set()
        self._no_table()

    def _no_table(self) -> None:
        self._benchmark: str | None = None
        self._processes: int | None = None
        self._waiting = 0
        self._ranks: list[str] | None = None  # of the grid that -map asks for
        self._layout: list[str] = []
        self._table: dict[int | None, Row] = {}  # by size; that of Barrier has one row without

    def feed(self, line: str) -> None:
        """Take the words of a line that is not blank."""
        if line.startswith("# ") and "MPI Benchmark" in line and line.endswith(_TITLE_ENDS):
            if self._began:
                raise Untrusted("a second output begins: expected one")
            self._began = True
            self._endless = re.search(_ENDLESS, line) is not None
            self._units = imb_rows.units(line)
        elif self._ended or not self._began:
            self._outside(line)
        elif line in imb_rows.HEADERS:
            self._header(line)
        elif line.startswith("#"):
            self._comment(line)
        else:
            self._row(line)

    def blank(self) -> None:
        """Take a blank line: a table ends."""
        if self._table:
            self._end_table()

    def finish(self, text: str) -> list[Row]:
        """All rows, once the output is known to be whole; a table that is there twice once.

        Args:
            text: all of the output, for what else it says.
        """
        if not self._began:
            raise Untrusted(f"no title of IMB-MPI1: {fault(text)}")
        if not self._ended and not self._endless:
            raise Untrusted(f"the output is cut off: the line {_END[2:]!r} is missing")
        if not self._ended:
            self._end_of_endless(text)
        if not self._rows:
            raise Untrusted("no result in it")
        if self._started and len(self._started | self._all) > 1:
            numbers = " and ".join(map(str, sorted(self._started | self._all)))
            raise Untrusted(f"{numbers} processes were started, with those that waited")
        return imb_rows.in_decimal(self._rows, self._units)

    def _outside(self, line: str) -> None:
        """Launchers and batch systems may say anything but what a report says."""
        of_report = line.startswith("# Benchmarking") or line in imb_rows.HEADERS or line == _END
        of_report |= self._ended and line.startswith("#")
        if of_report or imb_rows.resembles_row(line):
            where = "something follows the end" if self._ended else "it stands before the title"
            raise Untrusted(f"{where}: {quote(line)}")

    def _comment(self, line: str) -> None:
        if invalid := re.fullmatch(_INVALID, line):
            raise Untrusted(f"{invalid[1]} cannot run on {invalid[2]} processes")
        if line.startswith("# !!"):
            raise Untrusted(f"IMB complains: {quote(line)}")
        if self._layout:
            if not line.startswith("#---"):  # such as a row behind a damaged character
                raise Untrusted(f"not a row of {self._benchmark}: {quote(line)}")
            self._end_table()
        if begin := re.fullmatch(_BEGIN, line):
            self._no_table_owed()
            self._benchmark, self._listing = begin[1], False
            if self._announced and begin[1] not in self._announced:
                raise Untrusted(f"{begin[1]} is not among the benchmarks announced")
        elif line == _END:
            self._check_announced()
            self._ended = True
        elif self._benchmark:
            self._run_on(line)
        elif largest := re.fullmatch(_LARGEST, line):
            self._largest = int(largest[1])
        elif not self._announced and re.match(_SIZES_ASKED_FOR, line):
            self._free_start = True
        elif line == _LIST:
            self._listing = True
        elif self._listing and re.fullmatch(r"# [A-Z]\w{1,40}", line):
            self._announced.append(line[2:])

    def _run_on(self, line: str) -> None:
        """How many processes run the benchmark, and how many wait."""
        if processes := re.fullmatch(_PROCESSES, line):
            self._processes = int(processes[1])
            self._ranks = [] if processes[2] else None
        elif waiting := re.fullmatch(_WAITING, line):
            self._waiting = int(waiting[1])
        elif self._ranks is not None and re.fullmatch(_RANKS, line):
            self._ranks += line.split()[1:]

    def _header(self, line: str) -> None:
        if self._benchmark is None or self._processes is None:
            raise Untrusted("a table of no benchmark, or of no number of processes")
        processes = self._processes
        imb_rows.check_processes(self._benchmark, processes)
        if self._ranks is not None and processes <= _MOST_RANKS:
            different = len(set(self._ranks))
            if not different == len(self._ranks) == processes:
                raise Untrusted(f"a rank order of {different} ranks, expected {processes}")
        if self._waiting:
            self._started.add(processes + self._waiting)
        else:
            self._all.add(processes)
        self._layout, self._table = imb_rows.HEADERS[line].split(), {}

    def _row(self, line: str) -> None:
        benchmark, processes = self._benchmark, self._processes
        if not self._layout:
            raise Untrusted(f"not a line of a sound report: {quote(line)}")
        assert benchmark is not None and processes is not None
        values = imb_rows.values_of(line.split(), self._layout)
        if values is None:
            if self._endless and self._largest in self._table:  # may be behind the output
                self._end_table()
            if not self._ended:
                raise Untrusted(f"not a row of {benchmark}: {quote(line)}")
            self._outside(line)
            return
        if len(self._rows) + len(self._table) >= _MOST_ROWS:
            raise Untrusted(f"more than {_MOST_ROWS} rows: IMB does not print as many")
        row = imb_rows.checked(benchmark, processes, values, self._units)
        size = row["message_bytes"]
        if size in self._table:
            what = "a second row" if size is None else f"{size} bytes are there twice"
            raise Untrusted(f"{what} in the table of {benchmark}")
        self._table[size] = row

    def _end_table(self) -> None:
        benchmark, processes = self._benchmark, self._processes
        assert benchmark is not None and processes is not None
        if not self._table:
            raise Untrusted(f"the table of {benchmark} is empty")
        sizes = [size for size in self._table if size is not None]
        if sizes and self._largest is not None:
            self._check_sizes(benchmark, sizes, self._largest)
        if self._sizes.setdefault(benchmark, sizes) != sizes:
            raise Untrusted(f"two tables of {benchmark} have different sizes")
        tables = self._tables.setdefault((benchmark, processes), [])
        table = list(self._table.values())
        if len(tables) < max(1, self._announced.count(benchmark)):
            tables.append(table)
            self._rows += table
        elif table not in tables:
            raise Untrusted(f"two tables of {benchmark} on {processes} processes that differ")
        self._no_table()
        self._ended = self._endless and self._complete()

    def _check_sizes(self, benchmark: str, sizes: list[int], largest: int) -> None:
        """Each size that IMB takes by itself must be there."""
        first = 1
        if self._free_start or "educe" in benchmark:
            first = next((size for size in sizes if size), largest)
        wanted = [] if self._free_start and sizes[0] else [0]
        size = first
        while size <= largest:
            wanted.append(size)
            size *= 2
        for found, size in zip(sizes, wanted, strict=False):
            if found != size:
                raise Untrusted(f"the table of {benchmark} lacks {size} bytes")
        if sizes != wanted or wanted[-1] != largest:
            raise Untrusted(f"the table of {benchmark} ends at {sizes[-1]} of {largest} bytes")

    def _no_table_owed(self) -> None:
        if self._benchmark is not None:
            raise Untrusted(f"{self._benchmark} began and gave no table")

    def _check_announced(self) -> None:
        self._no_table_owed()
        seen = {benchmark for benchmark, _ in self._tables}
        for benchmark in self._announced:
            if benchmark not in seen:
                raise Untrusted(f"{benchmark} was announced and has no table")
        for (benchmark, processes), tables in self._tables.items():
            count = self._announced.count(benchmark)
            if len(tables) < count:
                raise Untrusted(
                    f"{benchmark} was announced {count} times, and has {len(tables)} tables on"
                    f" {processes} processes"
                )

    def _complete(self) -> bool:
        """Whether nothing can follow, though the version prints no end."""
        found = [benchmark for (benchmark, _), tables in self._tables.items() for _ in tables]
        once = all(imb_rows.runs_once(benchmark) for benchmark in found)
        return once and self._largest is not None and sorted(found) == sorted(self._announced)

    def _end_of_endless(self, text: str) -> None:
        """What was announced shows whether the output is whole, where it can."""
        try:
            self.blank()
        except Untrusted as reason:
            raise Untrusted(f"line {number(text, len(text))}: {reason}") from None
        self._check_announced()
        if self._largest is None:
            raise Untrusted("this version prints no end, and no maximum length is announced")
        for benchmark in sorted({benchmark for benchmark, _ in self._tables}):
            if not imb_rows.runs_once(benchmark):
                raise Untrusted(f"this version prints no end: {benchmark} may lack a table")
