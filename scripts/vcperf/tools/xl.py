"""xl and xm, Xen's toolstacks: command lines, and parsers for what they print.

``xl vcpu-list`` since Xen 4.5::

    Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)
    Domain-0                             0     0    2   r--      37.9  0-3,5 / all
    Domain-0                             0     1    -   --p       0.0  all / all

gives ``Domain-0,0,0,2,r--,37.9,"0-3,5",all`` and ``Domain-0,0,1,,--p,0.0,all,all``. Older
xl, and xm, print one affinity, in words of their own (`any cpu`, `no cpus`). A name longer
than its column pushes the others, so rows are read by their fields, never by position.
Formats: print_vcpuinfo and print_info of Xen's tools/xl; xm_vcpu_list and xm_info of its
tools/python/xen/xm/main.py.
"""

from __future__ import annotations

import re
import sys

from vcperf.basics import cpulist
from vcperf.errors import VcperfError
from vcperf.tools.filter import Row, Untrusted, main

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = ("domain", "id", "vcpu", "cpu", "state", "time_s", "hard_affinity", "soft_affinity")
NO_NAME = "(null)"  # xl's name for a domain that has none, such as one that is dying

# Patterns are text: compiling them all would cost every import some milliseconds.
# Digits are limited: a damaged number must not become a huge one.
_ID = r"(?P<id>\d{1,5})"
_TIME = r"(?P<time_s>\d{1,12}\.\d)"
_ON = r"(?P<cpu>\d{1,5}|-) +(?P<state>--p|[r-][b-]-)"
_HEADER = r"Name ID VCPUs? CPU State Time\(s\) (?:CPU Affinity|(?P<soft>Affinity \(Hard / Soft\)))"
# Read from the right, where the number of fields is known: a name may hold blanks.
_HARD_SOFT_ROW = (
    rf"(?a)(?P<name>\S+(?: \S+)*) +{_ID} +(?P<vcpu>\d{{1,5}}) +{_ON} +{_TIME}"
    r" +(?P<hard>\S+) / (?P<soft>\S+)"
)
# xm also lists domains that it manages and that do not run: no ID, CPU and state.
_ONE_AFFINITY_ROW = (
    rf"(?a)(?P<name>\S+)(?: +{_ID})? +(?P<vcpu>\d{{1,5}})(?: +{_ON})? +{_TIME} +(?P<hard>\S.*)"
)
# Keys are padded to 23 characters, which no line of an error is.
_INFO = r"(?a)([A-Za-z]\w* +|\w{23,}):(.*)"
_WORDS = {"all": "all", "any cpu": "all", "none": "none", "no cpus": "none"}
_LAST_ID = 0x7FEF  # those above are Xen's own

_PREFIX = r"(?i)^(?:\w+: )?(?:error|critical): +(?:\S+\.[ch]:\d+:\w+: *)?"
_CHATTER = r"(?i)(?:\w+: (?:debug|verbose|detail|progress|info|notice)|(?:\w+: )?warning)\b"


def vcpu_list_argv(toolstack: str) -> list[str]:
    """The command line that lists every VCPU of the host, with its affinity."""
    return [_known(toolstack), "vcpu-list"]


def info_argv(toolstack: str) -> list[str]:
    """The command line that describes the host and its hypervisor."""
    return [_known(toolstack), "info"]


def pin_argv(
    toolstack: str, domain: str | int, vcpu: str | int, hard: str, soft: str | None = None
) -> list[str]:
    """The command line that sets a VCPU's affinity.

    xl can fail at `all` VCPUs and yet exit 0: read vcpu-list back, whatever it returned.

    Args:
        toolstack: xl or xm.
        domain: a name or an id.
        vcpu: its number, or `all`.
        hard: the CPUs it may run on, as `affinity` gives them, or `all`; for xl also `-`,
            which leaves them as they are.
        soft: the CPUs it prefers, likewise; None leaves them out. xm has none.

    Raises VcperfError for what the toolstack would not take, or would take for an option.

    >>> pin_argv("xl", "guest1", 0, "2-3,5", "all")
    ['xl', 'vcpu-pin', 'guest1', '0', '2-3,5', 'all']
    """
    if soft is not None and toolstack == "xm":
        raise VcperfError(f"xm has no soft affinity ({soft}): leave it out or use xl")
    if re.fullmatch(r"[^\s-]\S*", str(domain)) is None:
        raise VcperfError(f"{str(domain)!r} is not a domain: expected a name or an id")
    if re.fullmatch(r"all|[0-9]{1,5}", str(vcpu)) is None:
        raise VcperfError(f"{str(vcpu)!r} is not a VCPU: expected its number or all")
    affinities = [hard] if soft is None else [hard, soft]
    for text in affinities:
        if text == "-" and toolstack == "xl":
            continue
        if text != "all" and not cpulist.printed_ranges(text):
            raise VcperfError(f"{text!r} is not a list of CPUs such as 0-2,5, nor all")
    return [_known(toolstack), "vcpu-pin", str(domain), str(vcpu), *affinities]


def affinity(cpus: Sequence[int]) -> str:
    """CPU numbers, in any order, as the toolstacks write them.

    >>> affinity([0, 1, 2, 5])
    '0-2,5'
    >>> affinity([])
    'none'
    """
    numbers = sorted(set(cpus))
    if numbers and numbers[0] < 0:
        raise VcperfError(f"{numbers[0]} is not the number of a CPU: they begin at 0")
    return cpulist.written((number, number) for number in numbers) or "none"


def cpu_set(text: str, cpus: int) -> list[int]:
    """An affinity as sorted CPU numbers.

    Args:
        text: `all`, `none` or ranges, as `parse` gives them.
        cpus: how many CPU numbers the host has: with CPUs offline (no SMT, say) that is
            max_cpu_id + 1 of `parse_info`, not nr_cpus; `all` does not show which of them
            are offline.

    Raises Untrusted for other text, and for a CPU that the host lacks.

    >>> cpu_set("0-2,5", 8), cpu_set("all", 2), cpu_set("none", 2)
    ([0, 1, 2, 5], [0, 1], [])
    """
    word = _WORDS.get(text)
    if word:
        return list(range(cpus)) if word == "all" else []
    ranges = cpulist.printed_ranges(text)
    if not ranges:
        raise Untrusted(f"{text!r} is not an affinity")
    if ranges[-1][1] >= cpus:
        raise Untrusted(f"affinity {text} names CPU {ranges[-1][1]}, the host has {cpus}")
    return [number for first, last in ranges for number in range(first, last + 1)]


def parse(text: str) -> list[Row]:
    """What vcpu-list prints, as rows of COLUMNS, one a VCPU.

    `cpu` is None where the VCPU is offline, `soft_affinity` where the toolstack has none;
    `id`, `cpu` and `state` where xm lists a domain that does not run. Times in seconds.

    Raises Untrusted when a line is not one that vcpu-list prints, a VCPU is missing or
    there twice, or no VCPU is there.
    """
    rows = _table(text)
    seen: set[str | int] = set()
    owner, expected = None, 0
    for row in rows:
        if (row["domain"], row["id"]) != owner:
            owner, expected = (row["domain"], row["id"]), 0
            _note_once(*owner, seen)
        if row["vcpu"] != expected:
            raise Untrusted(f"{row['domain']}: expected VCPU {expected}, not {row['vcpu']}")
        expected += 1
    return rows


def parse_info(text: str) -> dict[str, str]:
    """What info prints; a value that goes on in indented lines is joined by blanks.

    Raises Untrusted when a line is neither, or the host or the hypervisor is missing.

    >>> parse_info("nr_cpus                : 4\\nxen_major              : 4\\n")
    {'nr_cpus': '4', 'xen_major': '4'}
    """
    values: dict[str, str] = {}
    key = ""
    for number, line in _lines(text):
        match = re.fullmatch(_INFO, line)
        if match and match[1].rstrip() not in values:
            key = match[1].rstrip()
            values[key] = match[2].strip()
        elif key and line[0] in " \t":
            values[key] = f"{values[key]} {line.strip()}".strip()
        else:
            raise Untrusted(f"line {number}: not a line of info: {line!r}")
    if re.fullmatch(r"[1-9][0-9]{0,4}", values.get("nr_cpus", "")) is None:
        raise Untrusted("info has no nr_cpus")
    if not (values.get("xen_major") or values.get("xen_version")):
        raise Untrusted("info has neither xen_major nor xen_version")
    return values


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


def _known(toolstack: str) -> str:
    if toolstack not in ("xl", "xm"):
        raise VcperfError(f"toolstack {toolstack!r}: expected xl or xm")
    return toolstack


def _lines(text: str) -> list[tuple[int, str]]:
    """Numbered lines that are not blank."""
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    numbered = enumerate(text.split("\n"), start=1)
    return [(number, line.rstrip()) for number, line in numbered if line.strip()]


def _table(text: str) -> list[Row]:
    """The rows below the header."""
    lines = _lines(text)
    if not lines:
        raise Untrusted("vcpu-list printed nothing")
    match = re.fullmatch(_HEADER, " ".join(lines[0][1].split()))
    if not match:
        raise Untrusted(f"no header of vcpu-list: {fault(text)}")
    rows = []
    for number, line in lines[1:]:
        try:
            row = _vcpu(line, bool(match.groupdict().get("soft")))
        except Untrusted as reason:
            raise Untrusted(f"line {number}: {reason}") from None
        if row is None:
            raise Untrusted(f"line {number}: not a row of vcpu-list: {line!r}")
        rows.append(row)
    if not rows:
        raise Untrusted("vcpu-list has a header and no rows")
    return rows


def _vcpu(line: str, soft: bool) -> Row | None:
    match = re.fullmatch(_HARD_SOFT_ROW if soft else _ONE_AFFINITY_ROW, line)
    if match is None:
        return None
    cpu, state = match["cpu"], match["state"]
    if (match["id"] is None) != (state is None) or (cpu == "-") != (state == "--p"):
        return None  # what does not run has no CPU, and the other way round
    return {
        "domain": _name(match["name"]),
        "id": _domain_id(match["id"]),
        "vcpu": int(match["vcpu"]),
        "cpu": None if cpu in (None, "-") else int(cpu),
        "state": state,
        "time_s": float(match["time_s"]),
        "hard_affinity": _normal(match["hard"]),
        "soft_affinity": _normal(match["soft"]) if soft else None,
    }


def _name(text: str) -> str:
    if not text.isprintable() or "\ufffd" in text:
        raise Untrusted(f"damaged name {text!r}")
    return text


def _domain_id(text: str | None) -> int | None:
    if text is not None and int(text) > _LAST_ID:
        raise Untrusted(f"domain id {text} is above {_LAST_ID}")
    return None if text is None else int(text)


def _note_once(name: str, number: int | None, seen: set[str | int]) -> None:
    """Note a domain; its name and its id must be its own."""
    own = {key for key in (name, number) if key not in (None, NO_NAME)}
    if own & seen:
        raise Untrusted(f"domain {name} (id {number}) is there twice")
    seen |= own


def _normal(text: str) -> str:
    """An affinity as every version would write it: all, none or merged ranges."""
    if text in _WORDS:
        return _WORDS[text]
    ranges = cpulist.printed_ranges(text)
    if not ranges:
        raise Untrusted(f"{text!r} is not an affinity")
    return cpulist.written(ranges)


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
