"""OSU micro-benchmarks: a parser for what their blocking MPI benchmarks print, and the command line
of osu_latency.

::

    # OSU MPI Allreduce Latency Test v7.4
    # Datatype: MPI_INT.
    # Size       Avg Latency(us)   Min Latency(us)   Max Latency(us)  Iterations
    4                      17.70             17.02             18.33        1000

gives ``osu_allreduce,,4,1000,17.7,17.02,18.33,,``. The benchmark is the name of its program, or
the title where that is not known; processes are those of osu_mbw_mr's pairs. MB are 10^6 bytes.
Percentiles (``-z``) are left out. Format: osu_util_mpi.c and mpi/pt2pt of versions 3.6 to 7.5.

Refused are tables of other columns (non-blocking benchmarks, osu_mbw_mr -V), a validation that
did not pass, and sizes that do not double. Launchers may write before the title and behind the
rows. No line marks the end of a table: only the sizes asked for show that it is whole.
"""

from __future__ import annotations

import re
import sys

from vcperf.errors import VcperfError, quote
from vcperf.tools.filter import Row, Untrusted, main
from vcperf.tools.launcher import lines, number, without_rank_prefix
from vcperf.tools.mpi import failure, fault

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    "benchmark",
    "processes",
    "message_bytes",
    "iterations",
    "latency_us",
    "t_min_us",
    "t_max_us",
    "bandwidth_mbytes_per_s",
    "messages_per_s",
)

# "Test Test": so in some versions.
_TITLE = r"# OSU \S[^\n]{0,100}? [Tt]est(?: v\S{1,20})?[ \t]*$"
_PROGRAMS = {
    "Latency": "osu_latency",
    "Bandwidth": "osu_bw",
    "Bi-Directional Bandwidth": "osu_bibw",
    "Multiple Bandwidth / Message Rate": "osu_mbw_mr",
    "Multi Latency": "osu_multi_lat",
    "Multi-threaded Latency": "osu_latency_mt",
    "Multi-process Latency": "osu_latency_mp",
    "Broadcast Latency": "osu_bcast",
    "All-to-All Personalized Exchange Latency": "osu_alltoall",
    "All-to-Allv Personalized Exchange Latency": "osu_alltoallv",
    "All-to-Allw Personalized Exchange Latency": "osu_alltoallw",
} | {
    f"{name} Latency": f"osu_{name.lower()}"
    for name in "Allgather Allgatherv Allreduce Barrier Gather Gatherv Reduce Reduce_scatter"
    " Reduce_scatter_block Scatter Scatterv".split()
}
# Heading -> column; what is None is left out.
_HEADINGS = {
    "Size": "message_bytes",
    "Latency (us)": "latency_us",
    "Avg Latency(us)": "latency_us",
    "Min Latency(us)": "t_min_us",
    "Max Latency(us)": "t_max_us",
    "Iterations": "iterations",
    "Bandwidth (MB/s)": "bandwidth_mbytes_per_s",
    "MB/s": "bandwidth_mbytes_per_s",
    "Messages/s": "messages_per_s",
    "Validation": "validation",
}
_PERCENTILE = r"P\d{1,3} Tail (?:Lat\(us\)|BW\(MB/s\))"
_HEADING = re.compile("|".join([*map(re.escape, _HEADINGS), _PERCENTILE]))
_NUMBER, _WHOLE = r"\d{1,12}\.\d\d", r"\d{1,12}"
_OF_TABLE = r"\d[\d.]*(?: |$)"  # a damaged row, or one of another table
_ROUNDING = 0.005  # half of the last decimal
# Each way, as IMB and our ping-pong limit a size. osu_latency has one limit for all of its sizes.
MOST_SENT_BYTES = 40 * 2**20


def repetitions(message_bytes: Sequence[int], most: int) -> int:
    """How often each size is sent: `most` for a curve; for one size alone no more than
    MOST_SENT_BYTES take."""
    if len(message_bytes) > 1:
        return most
    return max(1, min(most, MOST_SENT_BYTES // max(1, *message_bytes)))


def latency_argv(program: str, message_bytes: Sequence[int], most: int) -> list[str]:
    """The command line of osu_latency, without the launcher.

    Args:
        program: its path.
        message_bytes: the sizes: from the least, each twice the one before. The least is 1 or
            more: what it measures of 0 bytes depends on its version.
        most: see `repetitions`.

    Raises VcperfError for sizes that it does not measure.

    >>> latency_argv("osu_latency", [1, 2, 4], 400)
    ['osu_latency', '-m', '1:4', '-i', '400']
    """
    doubled = [2 * size for size in message_bytes]
    if not doubled or message_bytes[0] < 1 or list(message_bytes[1:]) != doubled[:-1]:
        raise VcperfError(f"osu_latency does not measure the sizes {list(message_bytes)}")
    span = f"{message_bytes[0]}:{message_bytes[-1]}"
    return [program, "-m", span, "-i", str(repetitions(message_bytes, most))]


def pingpong_rows(text: str, message_bytes: Sequence[int], most: int) -> list[Row]:
    """What osu_latency printed, as rows of `vcperf.tools.imb`; the bandwidth, in 10^6 bytes/s, is
    computed from bytes and time.

    Args:
        text: the output.
        message_bytes, most: what `latency_argv` was given.

    Raises Untrusted as `parse`, and when it is another benchmark's.
    """
    made: list[Row] = []
    for row in parse(text, list(message_bytes)):
        if row["benchmark"] != "osu_latency":
            raise Untrusted(f"a table of {row['benchmark']}: expected one of osu_latency")
        size, latency = row["message_bytes"], row["latency_us"]
        made.append(
            {
                "benchmark": "PingPong",
                "processes": 2,
                "message_bytes": size,
                "repetitions": repetitions(message_bytes, most),
                "latency_us": latency,
                "t_min_us": None,
                "t_max_us": None,
                "bandwidth_mbytes_per_s": size / latency,
            }
        )
    if len(made) > len(message_bytes):
        raise Untrusted("more than one table of osu_latency")
    return made


def parse(text: str, expected: list[int] | None = None) -> list[Row]:
    """Rows of COLUMNS, one per line of a table; what a table does not have is None.

    Args:
        text: the output; a launcher may have written around it.
        expected: the sizes asked for, in bytes, of each table.

    Raises Untrusted when no table is there, a line of one is damaged, figures contradict each
    other, or sizes are not those expected.
    """
    if failure(text):
        raise Untrusted(f"the job failed: {fault(text)}")
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    text = without_rank_prefix(text, _TITLE)
    tables: list[_Table] = []
    for start, _, line in lines(text):
        try:
            if re.match(_TITLE, line):
                tables.append(_Table(line))
            elif tables:
                tables[-1].feed(line)
        except Untrusted as reason:
            raise Untrusted(f"line {number(text, start)}: {reason}") from None
    if not tables:
        raise Untrusted(f"no title of an OSU micro-benchmark: {fault(text)}")
    for table in tables:
        table.finish(expected)
    return [row for table in tables for row in table.rows]


class _Table:
    """One benchmark's table; its methods raise Untrusted.

    Args:
        title: its first line.
    """

    def __init__(self, title: str) -> None:
        name = re.sub(r"^# OSU |(?: [Tt]est){1,2}(?: v\S+)?$", "", title)
        self.benchmark = _PROGRAMS.get(name.removeprefix("MPI "), name)
        self.processes: int | None = None
        self.columns: list[str | None] = []
        self.rows: list[Row] = []
        self.ended = False

    def feed(self, line: str) -> None:
        """Take a line behind the title, with one blank between its words."""
        if line.startswith("#"):
            if not self.rows:
                self._comment(line)
            self.ended = bool(self.rows)
        elif re.match(_OF_TABLE, line):
            if self.ended or not self.columns:
                raise Untrusted(f"a row outside a table: {quote(line)}")
            self.rows.append(self._row(line.split(" ")))
        else:  # a launcher's, or time's
            self.ended = bool(self.rows)

    def finish(self, expected: list[int] | None) -> None:
        """Check that the table is there, and its sizes are those expected."""
        if not self.rows:
            raise Untrusted(f"{self.benchmark}: no rows")
        if expected is not None and "message_bytes" in self.columns:
            found = [row["message_bytes"] for row in self.rows]
            if found != expected:
                raise Untrusted(f"{self.benchmark}: sizes {found}, expected {expected}"[:250])

    def _comment(self, line: str) -> None:
        if match := re.match(r"# \[ pairs: (\d{1,9}) \]", line):
            self.processes = 2 * int(match[1])
        headings = _HEADING.findall(line)
        if not headings or self.columns:
            if re.match(r"# (?:Size|Overall|Avg|Uni-)", line):
                raise Untrusted(f"{self.benchmark}: columns that are not read: {quote(line)}")
            return
        if " ".join(["#", *headings]) != line:
            raise Untrusted(f"{self.benchmark}: columns that are not read: {quote(line)}")
        self.columns = [_HEADINGS.get(heading) for heading in headings]
        if not {"latency_us", "bandwidth_mbytes_per_s"}.intersection(self.columns):
            raise Untrusted(f"{self.benchmark}: neither latency nor bandwidth: {quote(line)}")

    def _row(self, words: list[str]) -> Row:
        if len(words) != len(self.columns):
            raise Untrusted(f"{len(words)} figures in a table of {len(self.columns)} columns")
        row: Row = dict.fromkeys(COLUMNS)
        row |= {"benchmark": self.benchmark, "processes": self.processes}
        for column, word in zip(self.columns, words, strict=True):
            if column == "validation":
                if word != "Pass":
                    raise Untrusted(f"the validation of the data did not pass: {quote(word)}")
                continue
            whole = column in ("message_bytes", "iterations")
            if not re.fullmatch(_WHOLE if whole else _NUMBER, word):
                raise Untrusted(
                    f"{quote(word)} is no figure of the column {column or 'percentile'}"
                )
            if column:
                row[column] = int(word) if whole else float(word)
        self._check(row)
        return row

    def _check(self, row: Row) -> None:
        size = row["message_bytes"]
        if self.rows:
            before = self.rows[-1]["message_bytes"]
            if size is None or size != (2 * before or 1):
                raise Untrusted(f"{size} bytes after {before}: expected twice as many")
        if row["latency_us"] == 0 or row["iterations"] == 0:
            raise Untrusted("a latency or a number of iterations of 0")
        low, mean, high = row["t_min_us"], row["latency_us"], row["t_max_us"]
        if None not in (low, mean, high) and not low <= mean <= high:
            raise Untrusted(f"the average {mean} is not between {low} and {high}")
        rate, messages = row["bandwidth_mbytes_per_s"], row["messages_per_s"]
        if messages is not None:
            # The rate of messages is computed from the bandwidth before that is rounded.
            computed = messages * size / 1e6
            if abs(computed - rate) > _ROUNDING * (1 + size / 1e6) + 1e-9 * computed:
                raise Untrusted(f"{rate} MB/s contradict {messages} messages of {size} bytes/s")


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
