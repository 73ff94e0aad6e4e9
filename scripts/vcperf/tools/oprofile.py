"""OProfile and Xenoprof: a parser for what opreport prints.

An image summary, `opreport`; dependents nest when samples were kept apart by application::

    CPU: P4 / Xeon, speed 2794.74 MHz (estimated)
    Counted GLOBAL_POWER_EVENTS events (time during which ...) with a unit mask of 0x01 ...
    GLOBAL_POWER_E...|
      samples|      %|
    ------------------
      9444138 95.7425 netperf
            GLOBAL_POWER_E...|
              samples|      %|
            ------------------
              4968415 52.6085 vmlinux

and a symbol summary, `opreport -l`::

    samples  %        image name               app name                 symbol name
    698856    7.0848  vmlinux                  netperf                  __copy_from_user_ll

give

    GLOBAL_POWER_EVENTS,,netperf,,,9444138,95.7425
    GLOBAL_POWER_EVENTS,,netperf,vmlinux,,4968415,52.6085
    GLOBAL_POWER_EVENTS,,netperf,vmlinux,__copy_from_user_ll,698856,7.0848

A row with an application and no image is the application's total; rows with an image
add up. `percent` is as printed: of an application's samples in a nested row (unless
opreport ran with --global-percent), of all samples elsewhere. In a report of a difference,
a symbol that one of the profiles lacks may be marked `---` or `+++` and has no percent.

Samples and percents must agree, to the digits printed: all rows of an event with one number
of samples that the percents are of, which the rows do not add up to more than.

The formats are those of opreport.cpp, format_output.cpp and string_manip.cpp of OProfile
0.8 to 1.4; Xenoprof's names of passive domains are those of its patches.
"""

from __future__ import annotations

import re
import sys

from vcperf.tools.filter import Row, Untrusted, main
from vcperf.tools.oprofile_shares import NO_PERCENT, Whole, may_be

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = ("event", "domain", "app", "image", "symbol", "samples", "percent")

_NAMES = ("linenr info", "image name", "app name", "symbol name")
_NUMBERS = ("vma", "samples", "cum. samples", "%", "cum. %", "diff %")
_HEADER = re.compile(r"(?:cum\. samples|cum\. %|diff %|linenr info|\w+ name|samples|vma|%)(?= |$)")
_CPU = re.compile(r"CPU: .")
_COUNTED = re.compile(r"Counted (\S+) events( \(.*\))?( with a unit mask of .*)? count \d+$")
_TIMER = "Profiling through timer interrupt"
_CLASS = re.compile(
    r"(?:Samples on CPU (?P<cpu>\d+)|Processes with a thread ID of (?P<tid>\d+)"
    r"|Processes with a thread group ID of (?P<tgid>\d+))$"
)
_NOTE = re.compile(
    r"(?:Using \S+ for samples directory\.|warning: .+ could not be (?:found|read)\.?"
    r"|warning: could not check that the binary file .+ has not been modified since the profile"
    r" was taken\. Results may be inaccurate\.)$"
)
_PERCENT = re.compile(r"(?:\d+(?:\.\d+)?(?:e[-+]\d+)?|---|\+\+\+)$", re.ASCII)
_CHANGE = re.compile(r"(?:[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?|---|\+\+\+|[-+]?inf|-?nan)$", re.ASCII)
_COUNT = re.compile(r"\d+$", re.ASCII)
_COLUMN_HEADS = re.compile(r"(?: *\S+ *\|)+$|-{18,}$")
_PASSIVE = re.compile(r"domain(\d+)-(?:xen-unknown|xen|kernel|modules|apps)$")
_DEPENDENT = 8 + 9  # where a dependent's count ends, its tab turned into blanks


def parse(text: str) -> list[Row]:
    """Rows of COLUMNS, one a line of the report and event, in the report's order.

    `event` is the name of the counted event, `TIMER` in timer mode, with ` cpu:0`,
    ` tid:7` or ` tgid:7` behind it where the report keeps those apart. `domain` is a
    passive Xen domain's id; ordinary names have none. `samples` is a count, `percent` a
    number between 0 and 100, or None for `---` and `+++`.

    Raises Untrusted when any line is not one of a sound report, its samples and percents
    contradict each other, or no row is there.
    """
    if text and not text.endswith("\n"):
        raise Untrusted("the report is cut off: its last line has no end")
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            reader.feed(line.rstrip())
        except Untrusted as fault:
            raise Untrusted(f"line {number}: {fault}") from None
    return reader.finish()


class _Reader:
    """Takes a report line by line; what a line may be depends on the lines before."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.events: list[str] = []
        self.classes: list[str] = []
        self.labels: list[str | None] = []  # what a row's pairs of figures count
        self.columns: list[tuple[str, int]] = []  # of -l: name, width
        self.wholes: list[Whole] = []  # for each label, of what percents are
        self.total: list[Row] = []  # the application's rows that dependents now belong to
        self.left: list[int] = []  # its samples, less those of the dependents so far
        self.alone: list[Row] = []  # applications without dependents
        self.deps = False  # it has some
        self.owing = False  # a table's head has come, no row of it

    def feed(self, line: str) -> None:
        if not line:
            return
        if self.columns:
            self._symbol(line)
            self.owing = False
        elif self._header(line) or self._heads(line):
            pass
        else:
            self._image(line)

    def finish(self) -> list[Row]:
        if not self.rows:
            raise Untrusted("no result in it")
        if self.owing:
            raise Untrusted("the report ends with the head of a table")
        for whole in self.wholes:
            whole.check_sum()
        if not self.columns:
            self._name_images()
        for row in self.rows:
            passive = _PASSIVE.match(row["image"] or "") or _PASSIVE.match(row["app"] or "")
            row["domain"] = passive[1] if passive else None
        return self.rows

    def _name_images(self) -> None:
        """Where dependents nest, an application without any is its own only image; where
        none do, the report's names are of images."""
        self._end_application()
        nested = len(self.alone) < len(self.rows)
        for row in self.alone:
            row["image"] = row["app"]
            row["app"] = row["app"] if nested else None

    def _end_application(self) -> None:
        if not self.deps:
            self.alone += self.total

    # -- what stands above the figures ------------------------------------------

    def _header(self, line: str) -> bool:
        counted, apart = _COUNTED.match(line), _CLASS.match(line)
        if not (counted or apart or line == _TIMER or _CPU.match(line) or _NOTE.match(line)):
            return False
        if self.rows:
            raise Untrusted(f"a second report begins: {line!r}")
        if counted:
            self.events.append(counted[1])
        elif line == _TIMER:
            self.events.append("TIMER")
        elif apart:
            self.classes.append(f"{apart.lastgroup}:{apart[apart.lastgroup or 0]}")
        return True

    def _heads(self, line: str) -> bool:
        names = _HEADER.findall(line)
        if "samples" in names and "%" in names and not _HEADER.sub("", line).strip():
            if self.rows:
                raise Untrusted(f"a second report begins: {line!r}")
            starts = [match.start() for match in _HEADER.finditer(line)]
            ends = [*starts[1:], len(line)]
            widths = [end - start for start, end in zip(starts, ends, strict=True)]
            self._check_columns(names)
            self.columns, self.owing = list(zip(names, widths, strict=True)), True
            return True
        if not _COLUMN_HEADS.match(line.strip()):
            return False
        self.owing = True
        return True

    def _check_columns(self, names: list[str]) -> None:
        texts = [name for name in names if name in _NAMES]
        if any(name not in (*_NUMBERS, *_NAMES) for name in names) or names[-1] != "symbol name":
            raise Untrusted(f"columns {', '.join(names)!r} are no symbol summary's")
        if names[len(names) - len(texts) :] != texts or names.count("%") != names.count("samples"):
            raise Untrusted(f"columns {', '.join(names)!r} are in no order opreport has")
        self._label(names.count("samples"))

    def _label(self, pairs: int) -> list[str | None]:
        """Which event each of a row's pairs of figures is of."""
        if not self.labels:
            if self.classes and len(self.events) == 1:
                self.labels = [f"{self.events[0]} {each}" for each in self.classes]
            else:
                self.labels = [*self.events] or [None] * pairs
            self.wholes = [Whole() for _ in self.labels]
        if len(self.labels) != pairs:
            raise Untrusted(f"{pairs} pairs of figures for {len(self.labels)} events")
        return self.labels

    # -- image summaries --------------------------------------------------------

    def _image(self, line: str) -> None:
        start = re.match(r"(\t?)( *\d*)", line)
        assert start
        dependent = bool(start[1]) or len(start[2]) >= _DEPENDENT
        if dependent and not self.total:
            raise Untrusted(f"a dependent image without its application: {line!r}")
        figures, name = _figures(line.strip(), len(self.labels or self.classes or self.events))
        rows = [
            _row(label, samples, _percent(word))
            for label, (samples, word) in zip(self._label(len(figures)), figures, strict=True)
        ]
        if dependent:
            self._add_dependent(rows, name)
        for at, (samples, word) in enumerate(figures):
            if not (dependent and may_be(samples, word, self.total[at]["samples"])):
                self.wholes[at].hold(samples, word, part=dependent)
        if not dependent:
            self._end_application()
            for row in rows:
                row["app"] = name
            self.total, self.left, self.deps = rows, [row["samples"] for row in rows], False
        self.rows += rows
        self.owing = False

    def _add_dependent(self, rows: list[Row], name: str) -> None:
        self.deps = True
        for at, row in enumerate(rows):
            row["app"], row["image"] = self.total[at]["app"], name
            self.left[at] -= row["samples"]
            if self.left[at] < 0:
                raise Untrusted(f"the images of {row['app']!r} have more samples than it has")

    # -- symbol summaries -------------------------------------------------------

    def _symbol(self, line: str) -> None:
        if line.startswith((" ", "-")):
            raise Untrusted(f"details or a call graph, which are not read: {line!r}")
        numbers = [name for name, _ in self.columns if name in _NUMBERS]
        words = line.split(None, len(numbers))
        if len(words) <= len(numbers):
            raise Untrusted(f"not a whole row: {line!r}")
        counts, percents = [], []
        for name, word in zip(numbers, words, strict=False):
            if not _SOUND[name].match(word):
                raise Untrusted(f"{word!r} in column {name!r}: {line!r}")
            if name == "samples":
                counts.append(int(word))
            elif name == "%":
                percents.append(word)
        names = _split_names(words[-1], self.columns[len(numbers) :])
        if "  " in names["symbol name"]:  # names hold single blanks
            raise Untrusted(f"two rows in one line: {line!r}")
        labels = self._label(len(counts))
        for at, (samples, word) in enumerate(zip(counts, percents, strict=True)):
            row = _row(labels[at], samples, _percent(word))
            self.wholes[at].hold(samples, word)
            row["image"], row["app"] = names.get("image name"), names.get("app name")
            row["symbol"] = names["symbol name"]
            self.rows.append(row)


_SOUND = {
    "vma": re.compile(r"[0-9a-f]{8,16}$"),
    "samples": _COUNT,
    "cum. samples": re.compile(r"(?:\d+|---)$", re.ASCII),
    "%": _PERCENT,
    "cum. %": _PERCENT,
    "diff %": _CHANGE,
}


def _row(event: str | None, samples: int, percent: float | None) -> Row:
    row: Row = dict.fromkeys(COLUMNS)
    row.update(event=event, samples=samples, percent=percent)
    return row


def _figures(line: str, pairs: int) -> tuple[list[tuple[int, str]], str]:
    """The pairs of samples and percent that a row begins with, and the name behind them.

    Args:
        pairs: how many; 0 when no header told, then as many as there are.
    """
    found: list[tuple[int, str]] = []
    rest = line
    while not pairs or len(found) < pairs:
        words = rest.split(None, 2)
        if len(words) < 3 or not (_COUNT.match(words[0]) and _PERCENT.match(words[1])):
            break
        found.append((int(words[0]), words[1]))
        rest = words[2]
    if not found or len(found) < pairs or "  " in rest:  # names hold single blanks
        raise Untrusted(f"not a line of a sound report: {line!r}")
    return found, rest


def _split_names(text: str, columns: Sequence[tuple[str, int]]) -> dict[str, str]:
    """The names of a row by column. A name that fills its column pushes the next one on
    and is followed by one blank; names hold blanks, but end and begin with none.

    Raises Untrusted when a name is missing.
    """
    names = {}
    for at, (column, width) in enumerate(columns[:-1]):
        end = _name_end(text, width, columns[at + 1 : -1])
        names[column], text = text[:end].rstrip(), text[end:].lstrip()
        if not names[column] or not text:
            raise Untrusted(f"no {columns[at + 1][0] if names[column] else column} in the row")
    return {**names, columns[-1][0]: text}


def _name_end(text: str, width: int, following: Sequence[tuple[str, int]]) -> int:
    """Where the name that a row's text begins with ends."""
    if text[width - 1 : width] == " " and text[width : width + 1] not in ("", " "):
        return width
    breaks = [match.start() for match in re.finditer(" (?=[^ ])", text) if match.start() >= width]
    if following:
        # A blank in the name, or behind it? The next column, if short, tells.
        wide = following[0][1]
        for at in breaks:
            rest = text[at + 1 :]
            if rest[wide - 2 : wide] == "  " and rest[wide : wide + 1].strip():
                return at
    return breaks[0] if breaks else len(text)


def _percent(word: str) -> float | None:
    if word in NO_PERCENT:
        return None
    value = float(word)
    if value > 100.001:
        raise Untrusted(f"{word} % is above 100")
    return value


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
