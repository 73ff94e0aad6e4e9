"""virsh, libvirt's toolstack: command lines, and parsers for what it prints of a guest's threads.

Four reports, told apart by their headings, of libvirt 0.9 to 10; vcpuinfo, emulatorpin, and
vcpupin before and after 4.9, as which iothreadinfo looks too (`IOThread ID`)::

    VCPU:           0          emulator: CPU Affinity    VCPU: CPU Affinity     VCPU   CPU Affinity
    CPU:            3          ----------------------    ------------------    ---------------------
    State:          running           *: 2                  0: 0-1,3            0      0-1,3
    CPU time:       8.1s
    CPU Affinity:   yy-y----

The first gives ``vcpu,0,3,running,8.1,"0-1,3"``, the others ``emulator,,,,,2`` and
``vcpu,0,,,,"0-1,3"``. What virsh does not print is empty: vcpuinfo says
`N/A` of a guest that does not run, and nothing of the CPU of a VCPU that has not run yet.

virsh does not tell all: QEMU has threads that carry none of these pins. Formats: cmdVcpuinfo,
cmdVcpuPin, cmdEmulatorPin, cmdIOThreadInfo and cmdDomstats of libvirt's tools/virsh-domain.c and
tools/virsh-domain-monitor.c; fields are padded, so that rows are read by fields and never by
position.
"""

from __future__ import annotations

import re
import sys

from vcperf.basics import cpulist
from vcperf.errors import VcperfError
from vcperf.tools.filter import Row, Untrusted, main, quoted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = ("thread", "index", "cpu", "state", "time_s", "affinity")
VCPU, EMULATOR, IOTHREAD = "vcpu", "emulator", "iothread"
URI = "qemu:///system"

_NUMBER = r"\d{1,5}"  # digits are limited: a damaged number must not become a huge one
_STATES = ("offline", "running", "blocked", "no state", "N/A")
_NO_IOTHREADS = "No IOThreads found for the domain"
# A table's heading -> its thread and its rows.
_TABLES = {
    r"VCPU: CPU Affinity": (VCPU, rf"({_NUMBER}): (\S+)"),
    r"VCPU CPU Affinity": (VCPU, rf"({_NUMBER}) (\S+)"),
    r"emulator: CPU Affinity": (EMULATOR, r"(\*): (\S+)"),
    r"IOThread ID CPU Affinity": (IOTHREAD, rf"({_NUMBER}) (\S+)"),
}


def argv(uri: str, *words: str) -> list[str]:
    """A command line of virsh.

    Args:
        uri: of the connection, such as URI.
        words: the command and its arguments; a guest's name stands behind ``--domain``, so that
            it cannot be taken for an option.

    Raises VcperfError for what virsh would take for an option of its own.
    """
    if not re.fullmatch(r"[^\s-]\S*", uri):
        raise VcperfError(f"{uri!r} is not the URI of a connection, such as {URI}")
    return ["virsh", "--connect", uri, *words]


def vcpuinfo_argv(uri: str, guest: str) -> list[str]:
    """The command line that lists a guest's VCPUs: where each runs, its time and its pin."""
    return argv(uri, "vcpuinfo", *_of(guest))


def vcpupin_argv(uri: str, guest: str, vcpu: int | None = None, cpus: str = "") -> list[str]:
    """The command line that pins a VCPU of a running guest, or lists all pins.

    Args:
        uri, guest: where, and whose.
        vcpu: its number; None lists.
        cpus: those on which it may run, as ``0-3,5``.

    Raises VcperfError for what is no list of CPUs.
    """
    pin = [] if vcpu is None else ["--vcpu", str(int(vcpu)), "--cpulist", _cpus(cpus), "--live"]
    return argv(uri, "vcpupin", *_of(guest), *pin)


def emulatorpin_argv(uri: str, guest: str, cpus: str = "") -> list[str]:
    """The command line that pins the emulator's threads, or lists their pin when cpus is empty.

    Raises VcperfError for what is no list of CPUs.
    """
    pin = ["--cpulist", _cpus(cpus), "--live"] if cpus else []
    return argv(uri, "emulatorpin", *_of(guest), *pin)


def iothreadinfo_argv(uri: str, guest: str) -> list[str]:
    """The command line that lists a guest's I/O threads and their pins."""
    return argv(uri, "iothreadinfo", *_of(guest))


def iothreadpin_argv(uri: str, guest: str, iothread: int, cpus: str) -> list[str]:
    """The command line that pins an I/O thread of a running guest.

    Raises VcperfError for what is no list of CPUs.
    """
    pin = ["--iothread", str(int(iothread)), "--cpulist", _cpus(cpus), "--live"]
    return argv(uri, "iothreadpin", *_of(guest), *pin)


def domstats_argv(uri: str) -> list[str]:
    """The command line that counts the CPU time of every guest that runs, VCPU by VCPU."""
    return argv(uri, "domstats", "--vcpu", "--cpu-total", "--list-running")


def parse(text: str) -> list[Row]:
    """The rows of one report, of COLUMNS; times in seconds, affinities as ``0-3,5``.

    No row where virsh says that a guest has no I/O threads.

    Raises Untrusted for any other text: an error, two reports, a thread that is there twice.
    """
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    lines = [line.strip() for line in text.split("\n")]
    lines = [line for line in lines if line]
    if not lines:
        raise Untrusted("virsh printed nothing")
    if lines == [_NO_IOTHREADS]:
        return []
    heading = " ".join(lines[0].split())
    if heading in _TABLES:
        rows = _table(lines, *_TABLES[heading])
    elif heading.startswith("VCPU: "):
        rows = _vcpuinfo(lines)
    else:
        raise Untrusted(f"no report of a guest's threads begins with {quoted(lines[0])}")
    seen = [row["index"] for row in rows]
    if len(set(seen)) != len(seen):
        twice = max(seen, key=seen.count)
        which = rows[0]["thread"] if twice is None else f"{rows[0]['thread']} {twice}"
        raise Untrusted(f"{which} is there twice")
    return rows


def parse_domstats(text: str) -> dict[str, dict[str, str]]:
    """What domstats prints: guest -> key -> value. Times are in nanoseconds.

    Raises Untrusted when a line is neither a guest nor one of its values, and when one comes twice.

    >>> parse_domstats("Domain: 'a'\\n  vcpu.0.time=7\\n\\n")
    {'a': {'vcpu.0.time': '7'}}
    """
    found: dict[str, dict[str, str]] = {}
    values: dict[str, str] | None = None
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    for number, line in enumerate(text.split("\n"), 1):
        guest = re.fullmatch(r"Domain: '(.+)'", line)
        value = re.fullmatch(r"  ([\w.-]+)=(.*)", line, re.ASCII)
        if guest and guest[1] not in found:
            values = found[guest[1]] = {}
        elif value and values is not None and value[1] not in values:
            values[value[1]] = value[2]
        elif line:
            raise Untrusted(f"line {number}: not a line of domstats: {quoted(line)}")
    return found


def _table(lines: list[str], thread: str, pattern: str) -> list[Row]:
    """The rows below a heading and a rule of dashes."""
    if len(lines) < 3 or lines[1].strip("-"):
        raise Untrusted(f"nothing stands below {quoted(lines[0])}")
    rows = []
    for line in lines[2:]:
        match = re.fullmatch(pattern, " ".join(line.split()), re.ASCII)
        if not match:
            raise Untrusted(f"not the pin of a thread: {quoted(line)}")
        index = None if match[1] == "*" else int(match[1])
        rows.append({"thread": thread, "index": index, "affinity": _listed(match[2])})
    return [{**dict.fromkeys(COLUMNS), **row} for row in rows]


def _vcpuinfo(lines: list[str]) -> list[Row]:
    """One row per paragraph: five fields, of which those of a VCPU that does not run may lack."""
    rows: list[Row] = []
    fields: dict[str, str] = {}
    for line in [*lines, "VCPU:"]:
        match = re.fullmatch(r"(VCPU|CPU|State|CPU time|CPU Affinity)(?::|(?= +N/A$)) *(.*)", line)
        if not match:
            raise Untrusted(f"not a line of vcpuinfo: {quoted(line)}")
        if match[1] == "VCPU" and fields:
            rows.append(_vcpu(fields))
            fields = {}
        if match[1] in fields:
            raise Untrusted(f"a VCPU has two lines: {quoted(line)}")
        fields[match[1]] = match[2]
    cpus = {len(line) for line in lines if re.fullmatch("CPU Affinity: +[y-]+", line)}
    if len(cpus) > 1:
        raise Untrusted("the pins of two VCPUs are about hosts with different numbers of CPUs")
    return rows


def _vcpu(fields: dict[str, str]) -> Row:
    readers: dict[str, tuple[str, Callable[[str], object]]] = {
        "VCPU": (_NUMBER, int),
        "State": ("|".join(_STATES), _unless_unknown(str)),
        "CPU Affinity": (rf"[y-]{{1,99999}}|\S+ \(out of {_NUMBER}\)", _affinity),
        "CPU": (rf"{_NUMBER}|N/A", _unless_unknown(int)),
        "CPU time": (r"\d{1,12}\.\ds|N/A", _unless_unknown(lambda text: float(text[:-1]))),
    }
    missing = [name for name in list(readers)[:3] if name not in fields]
    if missing:
        raise Untrusted(f"a VCPU without {missing[0]}: the output is cut off")
    values = {}
    for name, text in fields.items():
        pattern, read = readers[name]
        if not re.fullmatch(pattern, text, re.ASCII):
            raise Untrusted(f"{name} of a VCPU is {quoted(text)}")
        values[name] = read(text)
    if values["State"] == "running" and "CPU time" in values and values["CPU time"] is None:
        raise Untrusted("a VCPU runs and has no time")
    return {
        "thread": VCPU,
        "index": values["VCPU"],
        "cpu": values.get("CPU"),
        "state": values["State"],
        "time_s": values.get("CPU time"),
        "affinity": values["CPU Affinity"],
    }


def _unless_unknown(read: Callable[[str], object]) -> Callable[[str], object]:
    return lambda text: None if text == "N/A" else read(text)


def _affinity(text: str) -> str:
    """The affinity of vcpuinfo, one character per CPU of the host, or `0-3 (out of 8)`."""
    if "(" in text:
        listed, _, cpus = text.partition(" (out of ")
        ranges = cpulist.printed_ranges(listed)
        if ranges and ranges[-1][1] >= int(cpus.rstrip(")")):
            raise Untrusted(f"the pin {listed} has CPUs that a host with {cpus[:-1]} lacks")
        return _listed(listed)
    if "y" not in text:
        raise Untrusted("a VCPU that may run on no CPU")
    return cpulist.written((cpu, cpu) for cpu, sign in enumerate(text) if sign == "y")


def _listed(text: str) -> str:
    if not cpulist.printed_ranges(text):
        raise Untrusted(f"{quoted(text)} is not a list of CPUs")
    return text


def _of(guest: str) -> list[str]:
    if not guest or not guest.isprintable():
        raise VcperfError(f"{guest!r} is not the name of a guest")
    return ["--domain", guest]


def _cpus(text: str) -> str:
    if not cpulist.printed_ranges(text):
        raise VcperfError(f"{text!r} is not a list of CPUs such as 0-2,5")
    return text


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
