"""The lines of EP's reports, and which of them belong to one run.

A run is its results, from `EP Benchmark Results` to `EP Benchmark Completed`, and the block of
fields that follows, up to a blank line. Behind it come the options of the compiler. All other
lines are the head's, a launcher's or a batch system's.

Labels: print_results.f and c_print_results.c of NPB 2.3 to 3.4.3 and of its C and C++ versions
(Omni's 2.3 and 3.0, SNU's 3.3, NPB-CPP 4.1); the rest: ep.f. NPB-CPP writes `class_npb` instead of
`Class`, and leaves out the last count, which is 0 in every class.
"""

from __future__ import annotations

import re

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted
from vcperf.tools.launcher import lines, number

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN = "EP Benchmark Results"
_BEGINS = (f"{BEGIN}:", f"{BEGIN} :")
_COMPLETED = ("EP Benchmark Completed.", "EP Benchmark Completed")
_NUMBER = r"(\d{1,12}\.\d{1,6}|\d{1,12}\.?)"
_SUM = r"[+-]?\d{1,3}\.\d{3,17}[DdEe][+-]\d{2,3}"
_HOW_MANY = r"([1-9]\d{0,6})"
_CLASS = r"([SWABCDEFU])"  # U: sizes of no class
_TEXT = r"(.*)"
# A label -> the field, and the pattern of its value.
_RESULTS = {
    "CPU Time": ("cpu_time", _NUMBER),
    "N": ("log_pairs", r"2\^ ?(\d{1,2})"),
    "No. Gaussian Pairs": ("pairs", r"(\d{1,15})\.?"),
    "Sums": ("sums", rf"({_SUM} {_SUM})"),
}
_BLOCK = {
    "Class": ("class", _CLASS),
    "class_npb": ("class", _CLASS),
    "Size": ("size", r"(\d{1,15})\.?"),
    "Iterations": ("iterations", r"(\d{1,9})"),
    "Time in seconds": ("time", _NUMBER),
    "Total processes": ("processes", _HOW_MANY),
    "Active processes": ("active", _HOW_MANY),
    "Compiled procs": ("compiled", _HOW_MANY),
    "Total threads": ("threads", _HOW_MANY),
    "Threads": ("threads", _HOW_MANY),
    "No. of threads": ("threads", _HOW_MANY),
    "Number of threads": ("threads", _HOW_MANY),
    "Threads requested": ("requested", _HOW_MANY),
    "Request threads": ("environment", _TEXT),  # OMP_NUM_THREADS
    "Avail threads": ("available", _HOW_MANY),
    "Mop/s total": ("mops", _NUMBER),
    "Mop/s/process": ("rate_each", _NUMBER),
    "Mop/s/thread": ("rate_each", _NUMBER),
    "Operation type": ("operation", _TEXT),
    "Verification": ("verification", r"(SUCCESSFUL|UNSUCCESSFUL|NOT PERFORMED)"),
    "Version": ("version", _TEXT),
    "Compile date": ("date", _TEXT),
    "Compiler ver": ("compiler", _TEXT),
    "NVCC version": ("compiler", _TEXT),
    "CUDA version": ("cuda", _TEXT),
    "OpenMP version": ("threading", _TEXT),
    "FastFlow ver": ("threading", _TEXT),
    "TBB version": ("threading", _TEXT),
}
_LABELS = {**_RESULTS, **_BLOCK}
_FIELD = r"(?a)[A-Za-z][\w./ -]{0,24}=(?: .*)?"
_WARNING = "Warning: Threads used differ from threads available"
_COUNT = r"(?a)(\d) ?(\d{1,15})\.?"
_HEAD = {
    "Number of random numbers generated": ("numbers", rf"(\d{{1,15}})\.?(?: \(class {_CLASS}\))?"),
    "Number of active processes": ("processes", _HOW_MANY),
    "Total number of processes": ("processes", _HOW_MANY),
}
_OPTIONS = ("Compile options:", "Hardware:", "Software:")
_OPTION = (
    r"(?:MPI)?(?:F77|F90|FC|CC|CXX|UCC)|MPI_\w+|[CF](?:MPI)?_(?:LIB|INC)|[CF]LINK"
    r"|[CF](?:LINK)?FLAGS|RAND|MULTICPUS|[CG]PU device|Parameters"
)


class Run:
    """What was printed of one run.

    `fields` are the values by name, `counts` those of the annuli, `head` what stood before the
    results: numbers, processes and class, where printed. `short` is whether the version leaves
    out the last count.
    """

    def __init__(self, head: dict[str, str]) -> None:
        self.head = head
        self.fields: dict[str, str] = {}
        self.counts: list[int] = []
        self.short = False


def runs(text: str) -> Iterator[Run]:
    """The runs in an output, in order; a run may lack fields.

    Raises Untrusted for a field that is damaged, unknown, there twice or outside of a run, and
    for any other line in a run that EP does not print.
    """
    reader = _Reader()
    for start, after_blank, line in lines(text):
        if line in _BEGINS and reader.run is not None:
            yield reader.run
        try:
            reader.feed(line, after_blank)
        except Untrusted as reason:
            raise Untrusted(f"line {number(text, start)}: {reason}") from None
    if reader.run is not None:
        yield reader.run


class _Reader:
    """Takes an output line by line; what a line may be depends on the lines before."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self._head: dict[str, str] = {}
        self._take = self._outside  # the part of a report in which the next line stands

    def feed(self, line: str, after_blank: bool) -> None:
        """Take the words of a line, and whether a blank line stands before it."""
        if line in _BEGINS:
            self.run, self._head = Run(self._head), {}
            self._take = self._results
            return
        if after_blank and self._take in (self._block, self._option):
            self._take = self._outside
        self._take(line)

    def _results(self, line: str) -> None:
        assert self.run is not None
        if line in _COMPLETED:
            self._take = self._block
        elif count := re.fullmatch(_COUNT, line):
            if int(count[1]) != len(self.run.counts):
                raise Untrusted(f"count {len(self.run.counts)} is missing")
            self.run.counts.append(int(count[2]))
        elif line != "Counts:" and not self._set(line, _RESULTS):
            raise Untrusted(f"not a line of EP's results: {quote(line)}")

    def _block(self, line: str) -> None:
        assert self.run is not None
        if self._set(line, _BLOCK) or line == _WARNING:
            return
        if re.fullmatch(_FIELD, line):
            raise Untrusted(f"an unknown field: {quote(line)}")
        if "verification" not in self.run.fields:
            raise Untrusted(f"not a field of EP: {quote(line)}")
        self._take = self._outside
        self._outside(line)

    def _option(self, line: str) -> None:
        """Of any name, as builds have their own, but not with a figure."""
        label, _, value = line.partition("=")
        if re.fullmatch(r"(?a)[\d.]+", value.strip()) and not re.fullmatch(_OPTION, label.strip()):
            raise Untrusted(f"an unknown field: {quote(line)}")
        self._outside(line)

    def _outside(self, line: str) -> None:
        label, equals, _ = line.partition("=")
        name, pattern = _LABELS.get(label.strip(), ("", _TEXT))
        if line in _OPTIONS:
            self._take = self._option
        elif line in _COMPLETED or (equals and pattern != _TEXT):
            if self.run is None:
                raise Untrusted(f"{quote(line)} before {BEGIN!r}")
            if name in self.run.fields:
                raise Untrusted(f"{quote(line)} is there twice")
            raise Untrusted(f"{quote(line)} outside of the result")
        else:
            self._in_head(line)

    def _in_head(self, line: str) -> None:
        label, _, value = line.partition(":")
        if label not in _HEAD:
            return
        name, pattern = _HEAD[label]
        match = re.fullmatch(f"(?a){pattern}", value.strip())
        if match is None:
            raise Untrusted(f"a damaged field: {quote(line)}")
        self._head[name], *more = match.groups()
        if more and more[0]:
            self._head["class"] = more[0]

    def _set(self, line: str, labels: dict[str, tuple[str, str]]) -> bool:
        """Whether a line is one of these fields; then the run has it."""
        assert self.run is not None
        label, equals, value = line.partition("=")
        name, pattern = labels.get(label.strip(), ("", ""))
        if not name or not equals:
            return False
        match = re.fullmatch(f"(?a){pattern}", value.strip())
        if match is None:
            raise Untrusted(f"a damaged field: {quote(line)}")
        if name in self.run.fields:
            raise Untrusted(f"{quote(line)} is there twice")
        self.run.fields[name] = match[1]
        self.run.short |= label.strip() == "class_npb"
        return True
