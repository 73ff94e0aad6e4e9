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
from vcperf.tools import xl_rows
from vcperf.tools.filter import Row, Untrusted, print_whole
from vcperf.tools.xl_rows import WORDS, whole_line

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Sequence

fault = xl_rows.fault
COLUMNS = ("domain", "id", "vcpu", "cpu", "state", "time_s", "hard_affinity", "soft_affinity")

# Keys are padded to 23 characters, which no line of an error is.
_INFO = r"(?a)([A-Za-z]\w* +|\w{23,}):(.*)"


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
    word = WORDS.get(text)
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
    return [dict(zip(COLUMNS, row, strict=True)) for row in xl_rows.read(xl_rows.lines_of(text))]


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
            raise Untrusted(f"line {number}: not a line of info: {line[:200]!r}")
    if re.fullmatch(r"[1-9][0-9]{0,4}", values.get("nr_cpus", "")) is None:
        raise Untrusted("info has no nr_cpus")
    if not (values.get("xen_major") or values.get("xen_version")):
        raise Untrusted("info has neither xen_major nor xen_version")
    return values


def _known(toolstack: str) -> str:
    if toolstack not in ("xl", "xm"):
        raise VcperfError(f"toolstack {toolstack!r}: expected xl or xm")
    return toolstack


def _lines(text: str) -> list[tuple[int, str]]:
    """Numbered lines that are not blank."""
    numbered = enumerate(xl_rows.lines_of(text), start=1)
    return [(number, whole_line(line)) for number, line in numbered if line.strip()]


def filter_main() -> int:
    """Run the parser over standard input, as filter.main does. Memory does not grow with the
    rows, of which none is printed before all are read."""
    with open(sys.stdin.fileno(), "rb", closefd=False) as stream:
        lines = iter(lambda: stream.readline(xl_rows.LONGEST_LINE), b"")
        return print_whole(xl_rows.read(line.decode(errors="replace") for line in lines), COLUMNS)


if __name__ == "__main__":
    sys.exit(filter_main())
