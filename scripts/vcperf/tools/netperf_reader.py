"""netperf: takes its output line by line; what a line may be depends on the lines before."""

from __future__ import annotations

import re

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted
from vcperf.tools.netperf_head import Head, banner, omni_table
from vcperf.tools.netperf_names import NAMES, damaged_key, known_key
from vcperf.tools.netperf_units import TRANSACTIONS

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from vcperf.tools.netperf_head import Values

    class Section(Protocol):
        """Lines that belong together."""

        def take(self, line: str) -> bool:
            """Take a line; False when it is none of them."""

        def end(self) -> None:
            """Raises Untrusted when some of them are missing."""


KEY_VALUE = re.compile(r"([A-Z][A-Z0-9_]*(?:\[\d+\])?)=(.*)$")
# 2.4 prints no `ending at`.
_INTERIM = (
    r"(?a)Interim result: +-?\d{1,12}\.\d+ ([\w^]{4,10}/s)"
    r" over +\d{1,9}\.\d+ seconds(?: ending at \d{1,12}\.\d{1,6})?"
)
MOST_UNKNOWN = 1000  # keys of others; netperf has fewer than 200
_NOTE = r"(?:Starting netserver with host|catcher: timer popped|enable_enobufs).*"


class Report:
    """What netperf reported.

    Attributes:
        rows: of COLUMNS, one per result; None where the report says nothing.
        notes: what a reader should know besides, one line each.
    """

    def __init__(self, rows: list[Values], notes: list[str]) -> None:
        self.rows, self.notes = rows, notes


class Reader:
    """Takes an output line by line."""

    def __init__(self) -> None:
        self.rows: list[Values] = []
        self.number = 0  # of the line that is read
        self.head = Head()
        self.begun = ""  # what has begun, and has no result yet
        self.section: Section | None = None
        self.below = False  # directly below a result
        self.foreign = 0  # lines of others
        self.first_foreign = ""
        self.missed = 0  # results whose confidence was missed
        self.first_missed = ""
        self.doubted: set[str] = set()

    def read(self, lines: Iterable[str]) -> None:
        """Take all lines, without blanks around them.

        Raises Untrusted when one may not stand where it does; `number` is then its number.
        """
        numbered = enumerate(lines, start=1)
        for number, line in numbered:
            self.number = number
            if not line:
                continue
            if self.section is not None:
                if self.section.take(line):
                    continue
                section, self.section = self.section, None
                section.end()
            if not self._begin(line):
                continue
            from vcperf.tools.netperf_classic import stream

            for number_below, below in numbered:  # as many may be rows of a stream too
                self.number = number_below
                values = stream(self.head, below)
                if values is None:
                    if below:
                        self._begin(below)
                    break
                self.rows.append(values)

    def _begin(self, line: str) -> bool:
        """Take a line outside of a section. Returns whether it was the row of a stream."""
        if line[0] in "0123456789-" and self._begins_row(line):
            return self.section is None and not self.begun
        if ("=" in line and self._begins_keys(line)) or self._begins_other(line):
            return False
        if not re.fullmatch(_NOTE, line):
            self._foreign(line)
        return False

    def finish(self) -> Report:
        """All that was read. Raises Untrusted when something is missing."""
        if self.section is not None:
            self.section.end()
        if self.begun:
            raise Untrusted(f"{self.begun} began and gave no result")
        if not self.rows:
            raise Untrusted(self.first_foreign or "no result in it")
        notes = [
            f"netperf took the {end.lower()} CPU utilisation of its own process alone: left out"
            for end in sorted(self.doubted)
        ]
        if self.missed:
            notes.append(
                f"{self.missed} of {len(self.rows)} results missed the confidence asked for:"
                f" {self.first_missed}{', ...' if self.missed > 1 else ''}"
            )
        return Report(self.rows, notes)

    # -- what begins with a line ------------------------------------------------

    def _begins_keys(self, line: str) -> bool:
        match = KEY_VALUE.match(line)
        if not match or not (self.begun or known_key(match[1])):
            return False
        self.section = _Keys(self._add_keys)
        return self.section.take(line)

    def _begins_row(self, line: str) -> bool:
        from vcperf.tools import netperf_classic

        more = netperf_classic.row(self.head, line, self._add)
        if more is False:
            return "," in line and self._interim_csv(line)
        if more is not True:
            self.section = more
        return True

    def _begins_other(self, line: str) -> bool:
        head = banner(line)
        if head:
            if self.begun:
                raise Untrusted(f"{self.begun} began and gave no result")
            self.head, self.begun, self.below = head, head.name, False
        elif line[:3] == "!!!" or line[:7] in ("Interim", "WARNING", "DANGER "):
            return self._begins_remark(line)
        elif self.below and self._begins_verbose(line):
            pass
        else:
            return self._begins_csv(line) or self._header(line)
        return True

    def _begins_remark(self, line: str) -> bool:
        """Whether a line is an interim result, or begins a warning."""
        from vcperf.tools import netperf_lines as lines

        interim = re.fullmatch(_INTERIM, line)
        if interim:
            self.head.take_unit(interim[1])
        elif line == "!!! WARNING":
            self.section = lines.Lines("rest of a warning", lines.WARNING, self._warned)
        elif re.fullmatch(lines.DOUBT, line):
            self.section = lines.Lines("rest of a warning", lines.DOUBTED, self._doubted)
        else:
            return False
        self.begun = self.begun or "a result"
        return True

    def _begins_verbose(self, line: str) -> bool:
        """Whether a line begins what -v 2 prints below a result."""
        from vcperf.tools import netperf_lines as lines

        if re.fullmatch(r"Alignment +Offset\b.*", line):
            self.section = lines.Lines("rest of what -v 2 prints", lines.ALIGNMENT, self._aligned)
        elif line == "Maximum":
            self.section = lines.Lines("rest of what -v 2 prints", lines.SEGMENT, lambda _: None)
        elif re.fullmatch(lines.Histogram.begins, line):
            self.section = lines.Histogram()
        else:
            return False
        return True

    def _begins_csv(self, line: str) -> bool:
        if "," not in line and line not in ("Throughput", "Transaction Rate Tran/s"):
            return False
        from vcperf.tools import netperf_csv

        names = netperf_csv.names(line)
        if names:
            self.section = netperf_csv.Table(names, self._add_keys)
        return names is not None

    def _interim_csv(self, line: str) -> bool:
        from vcperf.tools import netperf_csv

        unit = netperf_csv.interim_unit(line)
        if unit:
            self.head.take_unit(unit)
            self.begun = self.begun or "a result"
        elif netperf_csv.only_values(line):
            raise Untrusted(f"values without the names of their columns (-P 0): {quote(line)}")
        return unit is not None

    def _header(self, line: str) -> bool:
        words = line.split()
        if self.begun and self.head.test is not None:
            if self.head.take_header(line, words):
                return True
            if omni_table(words):
                raise Untrusted("the table of an omni test (-O) is not read: use -k or -o")
        elif len(words) > 1 and Head().take_header(line, words):
            raise Untrusted(f"a header without the test's name above it: {quote(line)}")
        return False

    def _foreign(self, line: str) -> None:
        from vcperf.tools import netperf_foreign

        if self.begun:
            raise Untrusted(f"not a line of a sound report: {quote(line)}")
        netperf_foreign.check(line)
        self.below = False
        self.foreign += 1
        if self.foreign == 1:
            self.first_foreign = f"line {self.number}: not a line of a sound report: {quote(line)}"
        elif self.foreign > netperf_foreign.MOST_LINES:
            raise Untrusted(f"{self.foreign} lines that are not netperf's: {quote(line)}")

    # -- what came --------------------------------------------------------------

    def _add(self, values: Values) -> None:
        self.rows.append(values)
        self.below = True
        if self.begun:
            self.begun = ""
            if self.head.test is None:  # a warning or an interim result is of this row alone
                unit, self.head = self.head.unit or self.head.unit_above, Head()
                self.head.unit_above = None if unit == TRANSACTIONS else unit

    def _add_keys(self, keys: dict[str, str]) -> None:
        from vcperf.tools import netperf_keyvalue

        values, missed = netperf_keyvalue.row(keys, self.head)
        self._add(values)
        if missed:
            self._missed(missed)

    def _missed(self, widths: str) -> None:
        self.missed += 1
        self.first_missed = self.first_missed or widths

    def _warned(self, matches: list[re.Match[str]]) -> None:
        self.head.averaged = True
        self._missed(", ".join(f"{match[1]} {match[2]} %" for match in matches if match.lastindex))

    def _doubted(self, matches: list[re.Match[str]]) -> None:
        self.head.doubtful.add(matches[0][1])
        self.doubted.add(matches[0][1])

    def _aligned(self, matches: list[re.Match[str]]) -> None:
        from vcperf.tools import netperf_classic

        netperf_classic.check_alignment(self.head, self.rows[-1], matches)


class _Keys:
    """KEY=VALUE lines; a key that comes again begins another result."""

    def __init__(self, add: Callable[[dict[str, str]], None]) -> None:
        self.keys: dict[str, str] = {}
        self.unknown = 0
        self.add = add

    def take(self, line: str) -> bool:
        key, equals, value = line.partition("=")
        if not equals or (key not in NAMES and not KEY_VALUE.match(line)):
            return False
        if key in self.keys:
            self.end()
        elif key not in NAMES and not known_key(key):
            self.unknown += 1
            if damaged_key(key) or self.unknown > MOST_UNKNOWN:
                raise Untrusted(f"{quote(key)} is no key of netperf")
        self.keys[key] = value.strip()
        return True

    def end(self) -> None:
        keys, self.keys = self.keys, {}
        if any(map(known_key, keys)):  # or they are variables of the environment
            self.add(keys)
