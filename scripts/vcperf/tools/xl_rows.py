"""The rows of vcpu-list, of any version of xl and xm, line by line; and what failed calls print."""

from __future__ import annotations

import re
from itertools import chain, islice

from vcperf.basics import cpulist
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Values = tuple[str, int | None, int, int | None, str | None, float, str, str | None]
    """Domain, id, VCPU, CPU, state, seconds, hard and soft affinity."""

NO_NAME = "(null)"  # xl's name for a domain that has none, such as one that is dying
WORDS = {"all": "all", "any cpu": "all", "none": "none", "no cpus": "none"}
LONGEST_LINE = 1 << 14
MOST_DOMAINS = 100_000  # ids are fewer, but xm also lists domains that do not run
_LAST_ID = 0x7FEF  # those above are Xen's own
_FAULT_LINES = 1000

# Patterns are text: compiling them all would cost every import some milliseconds.
# Digits are limited: a damaged number must not become a huge one.
_ON = r"(\d{1,5}|-) +(--p|[r-][b-]-)"
_TIME = r"(\d{1,12}\.\d)"
_HEADER = r"Name ID VCPUs? CPU State Time\(s\) (?:CPU Affinity|(?P<soft>Affinity \(Hard / Soft\)))"
# Read from the right, where the number of fields is known: a name may hold blanks.
_HARD_SOFT_ROW = rf"(?a)(\S+(?: \S+)*) +(\d{{1,5}}) +(\d{{1,5}}) +{_ON} +{_TIME} +(\S+) / (\S+)"
# xm also lists domains that it manages and that do not run: no ID, CPU and state.
_ONE_AFFINITY_ROW = rf"(?a)(\S+)(?: +(\d{{1,5}}))? +(\d{{1,5}})(?: +{_ON})? +{_TIME} +(\S.*)()"

_PREFIX = r"(?i)^(?:\w+: )?(?:error|critical): +(?:\S+\.[ch]:\d+:\w+: *)?"
_CHATTER = r"(?i)(?:\w+: (?:debug|verbose|detail|progress|info|notice)|(?:\w+: )?warning)\b"


def lines_of(text: str) -> list[str]:
    """The lines of a text, each with its end."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def whole_line(line: str) -> str:
    """A line without its end. Raises Untrusted where it has none."""
    if not line.endswith("\n"):
        if len(line) > LONGEST_LINE // 4:  # each of its bytes is a character at least
            raise Untrusted(f"a line of more than {LONGEST_LINE // 4} characters")
        raise Untrusted("the output is cut off: its last line has no end")
    return line.rstrip()


def read(lines: Iterable[str]) -> Iterator[Values]:
    """The rows of vcpu-list, one per VCPU.

    Args:
        lines: with their ends.

    Raises Untrusted as xl.parse.
    """
    numbered = ((at, whole_line(line)) for at, line in enumerate(lines, 1) if not line.isspace())
    first = next(numbered, None)
    if first is None:
        raise Untrusted("vcpu-list printed nothing")
    header = re.fullmatch(_HEADER, " ".join(first[1].split()))
    if not header:
        begin = chain([first], islice(numbered, _FAULT_LINES))
        raise Untrusted(f"no header of vcpu-list: {fault(_joined(line for _, line in begin))}")
    soft = header["soft"] is not None
    match = re.compile(_HARD_SOFT_ROW if soft else _ONE_AFFINITY_ROW).fullmatch
    known: dict[str, str] = {}
    domains = _Domains()
    empty = True
    for number, line in numbered:
        empty = False
        found = match(line)
        row = None
        if found:
            try:
                row = _values(found.groups(), known, soft)
            except Untrusted as reason:
                raise Untrusted(f"line {number}: {reason}") from None
        if row is None:
            raise Untrusted(f"line {number}: not a row of vcpu-list: {line[:200]!r}")
        domains.note(row)
        yield row
    if empty:
        raise Untrusted("vcpu-list has a header and no rows")


class _Domains:
    """Whether each has its VCPUs from 0 on, all in a row, and its own name and id."""

    def __init__(self) -> None:
        self._owner: tuple[str, int | None] | None = None
        self._expected = 0
        self._seen: set[str | int] = set()

    def note(self, row: Values) -> None:
        """Raises Untrusted when a row cannot follow those before."""
        name, number, vcpu = row[:3]
        if (name, number) != self._owner:
            self._owner, self._expected = (name, number), 0
            own = {key for key in (name, number) if key not in (None, NO_NAME)}
            if own & self._seen:
                raise Untrusted(f"domain {name} (id {number}) is there twice")
            self._seen |= own
            if len(self._seen) > 2 * MOST_DOMAINS:
                raise Untrusted(f"more than {MOST_DOMAINS} domains")
        if vcpu != self._expected:
            raise Untrusted(f"{name}: expected VCPU {self._expected}, not {vcpu}")
        self._expected += 1


def _values(fields: tuple[str | None, ...], known: dict[str, str], soft: bool) -> Values | None:
    name, number, vcpu, cpu, state, time_s, hard, preferred = fields
    assert name and vcpu and time_s and hard
    if (number is None) != (state is None) or (cpu == "-") != (state == "--p"):
        return None  # what does not run has no CPU, and the other way round
    if not name.isprintable() or "\ufffd" in name:
        raise Untrusted(f"damaged name {name[:200]!r}")
    if number is not None and int(number) > _LAST_ID:
        raise Untrusted(f"domain id {number} is above {_LAST_ID}")
    return (
        name,
        None if number is None else int(number),
        int(vcpu),
        None if cpu in (None, "-") else int(cpu),
        state,
        float(time_s),
        known.get(hard) or _normal(hard, known),
        (known.get(preferred) or _normal(preferred, known)) if soft and preferred else None,
    )


def _normal(text: str, known: dict[str, str]) -> str:
    """An affinity as every version would write it: all, none or merged ranges; remembered."""
    normal = WORDS.get(text)
    if normal is None:
        ranges = cpulist.printed_ranges(text)
        if not ranges:
            raise Untrusted(f"{text[:200]!r} is not an affinity")
        normal = cpulist.written(ranges)
    if len(known) >= 1000:
        known.clear()
    known[text] = normal
    return normal


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def fault(text: str) -> str:
    """What went wrong, in one line, from all that a failed call printed.

    >>> fault("libxl: error: libxl_sched.c:62:libxl__set: Domain 1:Setting vcpu affinity")
    'Domain 1:Setting vcpu affinity'
    """
    lines = [" ".join(line.split()) for line in text.splitlines()]
    noise = f"{_CHATTER}|{_HEADER}$"
    messages = [line for line in lines if line and not re.match(noise, line)]
    if not messages:
        return "no error message"
    for line in messages:
        if "privileged command interface" in line:
            return (
                f"{re.sub(_PREFIX, '', line)}: no access to Xen,"
                " run it as root in dom0 of a host that Xen booted"
            )
    if messages[0].startswith("Traceback"):
        return messages[-1]
    # The first error is the cause; those below it are what it led to.
    errors = [line for line in messages if re.match(_PREFIX, line)]
    return re.sub(_PREFIX, "", (errors or messages)[0])
