"""The kernel's own list of the threads of QEMU's processes, and of the vhost threads that work for
them: their CPU time, and the CPUs on which they may run.

The command line prints for each guest a line ``guest: PID NAME``, and of its threads
/proc/PID/stat and the line of the allowed CPUs in /proc/PID/status (proc(5)). PID is in
/run/libvirt/qemu/NAME.pid. QEMU names its threads when libvirt starts it (``debug-threads=on``):
``CPU 0/KVM`` (or ``/TCG``, when it emulates the CPU) is VCPU 0, ``IO iothread1`` is I/O thread 1.
vhost's are named ``vhost-PID``: since Linux 6.4 among QEMU's threads, before that beside them.
All others are the emulator's.
"""

from __future__ import annotations

import re
import sys

from vcperf.basics import cpulist
from vcperf.tools.filter import Row, Untrusted, main, quoted

COLUMNS = ("guest", "pid", "tid", "thread", "index", "name", "ticks", "affinity")
VCPU, EMULATOR, IOTHREAD, VHOST = "vcpu", "emulator", "iothread", "vhost"
# Threads come and go: one that ends meanwhile is no fault.
_SCRIPT = """
for guest; do
  pid=; read -r pid <"/run/libvirt/qemu/$guest.pid"
  [ "$pid" ] && [ -d "/proc/$pid/task" ] || continue
  echo "guest: $pid $guest"
  for file in $(grep -sl "^vhost-$pid$" /proc/[0-9]*/comm) /proc/$pid/task/*/comm; do
    cat "${file%comm}stat" && grep Cpus_allowed_list: "${file%comm}status"
  done
done 2>/dev/null
echo end
"""
_NAMES = ((r"CPU (\d{1,5})/\w+", VCPU), (r"IO iothread(\d{1,5})", IOTHREAD), (r"vhost-\d+", VHOST))
_GUEST = re.compile(r"guest: (\d{1,9}) (.+)")
_STAT = re.compile(r"(\d{1,9}) \((.*)\) (\S(?: -?\d+){40,})", re.ASCII)
_ALLOWED = re.compile(r"Cpus_allowed_list:\t(\S+)")


def argv(guests: list[str]) -> list[str]:
    """The command line that lists the threads of some guests; says nothing of one that does not
    run."""
    return ["sh", "-c", _SCRIPT, "vcperf", *guests]


def pin_argv(tid: int, cpus: str) -> list[str]:
    """The command line that holds a thread to CPUs, as ``0-3,5``."""
    return ["taskset", "-pc", cpus, str(int(tid))]


def parse(text: str) -> list[Row]:
    """One row of COLUMNS for each thread; `ticks` is user and system time so far, in the kernel's
    clock ticks.

    Raises Untrusted for a text that is cut off, and for a line that is none of these.
    """
    *lines, last = text.rstrip("\n").split("\n")
    if last != "end":
        raise Untrusted("the list of QEMU's threads is cut off")
    rows: list[Row] = []
    about: Row = {}
    stat = None
    for line in lines:
        guest, begins, allowed = (p.fullmatch(line) for p in (_GUEST, _STAT, _ALLOWED))
        # Either may follow a thread that ended between its two files.
        if guest:
            about, stat = {"pid": int(guest[1]), "guest": guest[2]}, None
        elif begins and about:
            stat = begins
        elif allowed and stat and cpulist.printed_ranges(allowed[1]):
            rows.append({**about, **_thread(stat), "affinity": allowed[1]})
            stat = None
        else:
            raise Untrusted(f"not a line of a thread: {quoted(line)}")
    return rows


def emulated(rows: list[Row]) -> bool:
    """Whether QEMU emulates the CPU of a guest: its VCPUs are not KVM's."""
    return any(r["thread"] == VCPU and not str(r["name"]).endswith("/KVM") for r in rows)


def role(name: str) -> str:
    """What a thread does for its guest, by its name.

    >>> role("CPU 1/KVM"), role("IO iothread2"), role("vhost-85"), role("call_rcu")
    ('vcpu 1', 'iothread 2', 'vhost', 'emulator')
    """
    kind, index = _kind(name)
    return kind if index is None else f"{kind} {index}"


def _kind(name: str) -> tuple[str, int | None]:
    """Of which sort a thread is, and its number."""
    for pattern, kind in _NAMES:
        match = re.fullmatch(pattern, name, re.ASCII)
        if match:
            return kind, int(match[1]) if match.groups() else None
    return EMULATOR, None


def _thread(stat: re.Match[str]) -> Row:
    """What /proc/PID/stat says: from the third field on, the 12th and 13th are its times."""
    fields = stat[3].split()
    thread, index = _kind(stat[2])
    found = {"tid": int(stat[1]), "thread": thread, "index": index, "name": stat[2]}
    return {**found, "ticks": int(fields[11]) + int(fields[12])}


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
