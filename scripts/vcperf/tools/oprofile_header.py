"""What opreport prints above its figures: events, warnings, and the heads of columns.

The lines are those of opreport.cpp, op_header.cpp, profile_spec.cpp and image_errors.cpp of
OProfile 0.8 to 1.4, and of operf_stats.cpp, which warns in the same way as soon as operf ends.
"""

from __future__ import annotations

import re

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted

NAMES = ("linenr info", "image name", "app name", "symbol name")
NUMBERS = ("vma", "samples", "cum. samples", "%", "cum. %", "diff %")

_CPU = re.compile(r"CPU: .")
_COUNTED = re.compile(r"Counted (\S+) events(| \(.*| with a unit mask of .*) count \d{1,20}$")
_TIMER = "Profiling through timer interrupt"
_CLASS = re.compile(
    r"(?:Samples on CPU (?P<cpu>\d+)|Processes with a thread ID of (?P<tid>\d+)"
    r"|Processes with a thread group ID of (?P<tgid>\d+))$"
)
_NOTE = re.compile(
    r"(?:Using \S.* for samples directory\.|warning: .+ could not be (?:found|read)\.?"
    r"|warning: could not check that the binary file .+ has not been modified since the profile"
    r" was taken\. Results may be inaccurate\.)$"
)
# What the rows lack: how such a warning begins, and what it means.
_UNKNOWN = "lost: an unknown number of samples"
_LACKS = {
    r"WARNING: Lost samples detected! See (\S.*) for details\.$": _UNKNOWN + "; see {}",
    r" *\* \* \* ATTENTION: The kernel lost (\d{1,20}) samples\. \* \* \*$": "lost: {} samples",
    r"WARNING! The OProfile kernel driver reports sample buffer overflows\.$": (
        _UNKNOWN + ": buffers of the kernel's driver overflowed"
    ),
    r"Warning: Invalid sample files found in (\S.*)$": _UNKNOWN + ": invalid sample files in {}",
    r"WARNING! Some of the events were throttled\. Throttling occurs when$": (
        "throttled: the kernel took fewer samples of an event than were asked for"
    ),
    r"\* \* \* \* WARNING: Profiling rate was throttled back by the kernel \* \* \* \*$": (
        "throttled: the kernel took fewer samples than were asked for"
    ),
}
_WARNING = {re.compile(pattern): meaning for pattern, meaning in _LACKS.items()}
# The lines that follow them.
_ADVICE = re.compile(
    r"(?:Such overflows can result in incorrect sample attribution, invalid sample"
    r"|files and other symptoms\. +See the oprofiled\.log for details\."
    r"|You should adjust your sampling frequency to eliminate \(or at least minimize\)"
    r"|these overflows\."
    r"|the initial sample rate is too high, causing an excessive number of"
    r"|interrupts\. +Decrease the sampling frequency\. +Check the directory"
    r"|/.*/stats/throttled"
    r"|for the throttled event names\."
    r"|This problem can be caused by too high of a sampling rate\."
    r"|(?:Lowering|Decrease) the sampling rate (?:may|to) .*lost samples\."
    r"|See the '--events' option description in the operf man page for help\."
    r"|The number of samples actually recorded is less than expected, but is"
    r"|probably still statistically valid\. +Decreasing the sampling rate is the"
    r"|best option if you want to avoid throttling\.)$"
)
_COLUMN = re.compile(
    r"(?<!\S)(?:cum\. samples|cum\. %|diff %|linenr info|\w{1,30} name|samples|vma|%)(?= |$)"
)
_IMAGE_HEADS = re.compile(r"(?: *[^\s|]+ *\|)+$|-{18,}$")


class Header:
    """The lines above the figures, one by one.

    Attributes:
        events: the names of the events, in their order.
        classes: what an event's figures are kept apart by, such as `cpu:0`.
        notes: what the figures lack, for stderr.
    """

    def __init__(self) -> None:
        self.events: list[str] = []
        self.classes: list[str] = []
        self.notes: list[str] = []

    def take(self, line: str) -> bool:
        """Whether a line is one of a header; it is kept then."""
        counted, apart = _COUNTED.match(line), _CLASS.match(line)
        if counted:
            self.events.append(counted[1])
        elif line == _TIMER:
            self.events.append("TIMER")
        elif apart:
            self.classes.append(f"{apart.lastgroup}:{apart[apart.lastgroup or 0]}")
        else:
            return bool(_CPU.match(line) or _NOTE.match(line)) or self._warning(line)
        return True

    def labels(self, pairs: int) -> list[str | None]:
        """Which event each of a row's pairs of figures counts.

        Args:
            pairs: how many the row has.
        """
        if self.classes and len(self.events) == 1:
            return [f"{self.events[0]} {each}" for each in self.classes]
        return [*self.events] or [None] * pairs

    def _warning(self, line: str) -> bool:
        for pattern, meaning in _WARNING.items():
            found = pattern.match(line)
            if found:
                values = [text if text.isdecimal() else quote(text) for text in found.groups()]
                self.notes.append(meaning.format(*values))
                return True
        return bool(_ADVICE.match(line))


def image_heads(line: str) -> bool:
    """Whether a line is one of the heads of an image summary's columns."""
    return bool(_IMAGE_HEADS.match(line.strip()))


def symbol_columns(line: str) -> list[tuple[str, int]]:
    """The columns of a symbol summary, name and width, where a line is their heads; else none.

    Raises Untrusted for heads that no symbol summary has.
    """
    found = list(_COLUMN.finditer(line))
    names = [match[0] for match in found]
    if "samples" not in names or "%" not in names or _COLUMN.sub("", line).strip():
        return []
    texts = [name for name in names if name in NAMES]
    if any(name not in (*NUMBERS, *NAMES) for name in names) or names[-1] != "symbol name":
        raise Untrusted(f"columns {quote(', '.join(names))} are no symbol summary's")
    if names[len(names) - len(texts) :] != texts or names.count("%") != names.count("samples"):
        raise Untrusted(f"columns {quote(', '.join(names))} are in no order opreport has")
    starts = [match.start() for match in found]
    ends = [*starts[1:], len(line)]
    return [(name, e - s) for name, s, e in zip(names, starts, ends, strict=True)]
