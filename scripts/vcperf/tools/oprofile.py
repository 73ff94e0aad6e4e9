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
of samples that the percents are of, which the rows do not add up to more than. Rows of a
report that warns of lost samples or throttled events stand, with a note on stderr.

The formats are those of opreport.cpp, format_output.cpp and string_manip.cpp of OProfile
0.8 to 1.4; Xenoprof's names of passive domains are those of its patches.
"""

from __future__ import annotations

import re
import sys

from vcperf.tools import surroundings
from vcperf.tools.filter import Row, Rows, Untrusted, main, quoted
from vcperf.tools.oprofile_header import NUMBERS, Header, image_heads, symbol_columns
from vcperf.tools.oprofile_shares import NO_PERCENT, Whole, may_be

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = ("event", "domain", "app", "image", "symbol", "samples", "percent")

MOST_BYTES = 8_000_000
MOST_ROWS = 150_000  # a report has one per function and event, seldom more than 50,000

# Digits are limited: a damaged number must not become a huge one.
_COUNT = re.compile(r"\d{1,20}$", re.ASCII)
_PERCENT = re.compile(r"(?:\d{1,3}(?:\.\d{1,9})?(?:e[-+]\d\d)?|---|\+\+\+)$", re.ASCII)
_CHANGE = re.compile(
    r"(?:[-+]?\d{1,20}(?:\.\d{1,9})?(?:e[-+]\d\d)?|---|\+\+\+|[-+]?inf|-?nan)$", re.ASCII
)
_PAIR = re.compile(rf"\s*({_COUNT.pattern[:-1]})\s+({_PERCENT.pattern[:-1]})\s+", re.ASCII)
_SOUND = {
    "vma": re.compile(r"[0-9a-f]{8,16}$"),
    "samples": _COUNT,
    "cum. samples": re.compile(r"(?:\d{1,20}|---)$", re.ASCII),
    "%": _PERCENT,
    "cum. %": _PERCENT,
    "diff %": _CHANGE,
}
_NEXT_WORD = re.compile(r" (?=[^ ])")
_PASSIVE = re.compile(r"domain(\d{1,5})-(?:xen-unknown|xen|kernel|modules|apps)$", re.ASCII)
_MOST_EVENTS = 64
_DEPENDENT = 8 + 9  # where a dependent's count ends, its tab turned into blanks
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")


def parse(text: str) -> Rows:
    """Rows of COLUMNS, one per line of the report and event, in the report's order.

    `event` is the name of the counted event, `TIMER` in timer mode, with ` cpu:0`,
    ` tid:7` or ` tgid:7` behind it where the report keeps those apart. `domain` is a
    passive Xen domain's id; ordinary names have none. `samples` is a count, `percent` a
    number between 0 and 100, or None for `---` and `+++`. Notes say which samples the
    report warns that it lacks. Lines of a launcher around the report are passed over.

    Raises Untrusted when any line is not one of a sound report, its samples and percents
    contradict each other, or no row is there.
    """
    if text and not text.endswith("\n"):
        raise Untrusted("the report is cut off: its last line has no end")
    reader = _Reader()
    for number, line in enumerate(surroundings.report(text).splitlines(), start=1):
        try:
            reader.feed(line.rstrip())
        except Untrusted as fault:
            raise Untrusted(f"line {number}: {fault}") from None
    return reader.finish()


class _Reader:
    """Takes a report line by line; what a line may be depends on the lines before."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.header = Header()
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
        if len(self.rows) > MOST_ROWS:
            raise Untrusted(f"more than {MOST_ROWS} rows: no report is that long")
        if _CONTROL.search(line):
            raise Untrusted(f"control characters: {quoted(line)}")
        if self.columns:
            self._symbol(line)
            self.owing = False
        elif not self._above(line):
            self._image(line)

    def finish(self) -> Rows:
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
        return Rows(self.rows, self.header.notes)

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

    def _above(self, line: str) -> bool:
        """Whether a line is one of the header or of the heads of columns."""
        columns = symbol_columns(line)
        if columns or self.header.take(line):
            if self.rows:
                raise Untrusted(f"a second report begins: {quoted(line)}")
            self.columns = columns
            self.owing = bool(columns)
            if columns:
                self._label([name for name, _ in columns].count("samples"))
            return True
        if image_heads(line):
            self.owing = True
            return True
        return False

    def _label(self, pairs: int) -> list[str | None]:
        """Which event each of a row's pairs of figures is of."""
        if not self.labels:
            self.labels = self.header.labels(pairs)
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
            raise Untrusted(f"a dependent image without its application: {quoted(line)}")
        figures, name = _figures(line.strip(), len(self.labels or self.header.labels(0)))
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
                raise Untrusted(f"the images of {quoted(row['app'])} have more samples than it has")

    # -- symbol summaries -------------------------------------------------------

    def _symbol(self, line: str) -> None:
        if line.startswith((" ", "-")):
            raise Untrusted(f"details or a call graph, which are not read: {quoted(line)}")
        numbers = [name for name, _ in self.columns if name in NUMBERS]
        words = line.split(None, len(numbers))
        if len(words) <= len(numbers):
            raise Untrusted(f"not a whole row: {quoted(line)}")
        counts, percents = [], []
        for name, word in zip(numbers, words, strict=False):
            if not _SOUND[name].match(word):
                raise Untrusted(f"{quoted(word)} in column {name!r}: {quoted(line)}")
            if name == "samples":
                counts.append(int(word))
            elif name == "%":
                percents.append(word)
        names = _split_names(words[-1], self.columns[len(numbers) :])
        if "  " in names["symbol name"]:  # names hold single blanks
            raise Untrusted(f"two rows in one line: {quoted(line)}")
        labels = self._label(len(counts))
        for at, (samples, word) in enumerate(zip(counts, percents, strict=True)):
            row = _row(labels[at], samples, _percent(word))
            self.wholes[at].hold(samples, word)
            row["image"], row["app"] = names.get("image name"), names.get("app name")
            row["symbol"] = names["symbol name"]
            self.rows.append(row)


def _row(event: str | None, samples: int, percent: float | None) -> Row:
    row: Row = dict.fromkeys(COLUMNS)
    row.update(event=event, samples=samples, percent=percent)
    return row


def _figures(line: str, pairs: int) -> tuple[list[tuple[int, str]], str]:
    """The pairs of samples and percent that a row begins with, and the name behind them.

    Args:
        pairs: how many; 0 when no header said so, then as many as there are, up to
            _MOST_EVENTS.
    """
    found: list[tuple[int, str]] = []
    start = 0
    while len(found) < (pairs or _MOST_EVENTS):
        pair = _PAIR.match(line, start)
        if not pair:
            break
        found.append((int(pair[1]), pair[2]))
        start = pair.end()
    name = line[start:]
    if not found or len(found) < pairs or "  " in name:  # names hold single blanks
        raise Untrusted(f"not a line of a sound report: {quoted(line)}")
    return found, name


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
    first = len(text)
    for match in _NEXT_WORD.finditer(text, width):
        at = match.start()
        first = min(at, first)
        if not following:
            break
        # A blank in the name, or behind it? The next column, if short, tells.
        end = at + 1 + following[0][1]
        if text[end - 2 : end] == "  " and text[end : end + 1].strip():
            return at
    return first


def _percent(word: str) -> float | None:
    if word in NO_PERCENT:
        return None
    value = float(word)
    if value > 100.001:
        raise Untrusted(f"{word} % is above 100")
    return value


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS, MOST_BYTES))
