"""What /proc says of the processes and CPUs of this host."""

from __future__ import annotations

import contextlib
import os
import time

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def families(roots: dict[str, set[int]]) -> dict[str, set[int]]:
    """Groups of processes, grown by all their descendants.

    Args:
        roots: name -> pids.
    """
    below = _children()
    return {name: _family(pids, below) for name, pids in roots.items()}


def children(pid: int) -> set[int]:
    """The processes that have this one as their parent, those that have ended and were not
    waited for included."""
    return set(_children().get(pid, []))


def with_open(target: str) -> set[int]:
    """The processes that have a file open, as far as we may see theirs.

    Args:
        target: what the links in /proc/PID/fd point to, such as ``pipe:[4711]``.
    """
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f"/proc/{name}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{name}/fd/{descriptor}") == target:
                        found.add(int(name))
    return found


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat_fields(int(name))
            if fields:
                found.setdefault(int(fields[1]), []).append(int(name))
    return found


def _family(pids: Iterable[int], below: dict[int, list[int]]) -> set[int]:
    family: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        family.add(pid)
        waiting += below.get(pid, [])
    return family


def stat_fields(pid: int) -> list[str] | None:
    """/proc/PID/stat from its third field (the state) on; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as handle:
            return handle.read().rpartition(")")[2].split()
    except OSError:
        return None


def affinity(pid: int) -> tuple[int, ...]:
    """The CPUs that a process may use."""
    return tuple(sorted(os.sched_getaffinity(pid)))


def environment(pid: int, name: str) -> str | None:
    """A variable of a process's first environment, empty without; None of one that is gone
    or ending, whose memory is."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as handle:
            entries = handle.read().split(b"\0")
    except OSError:
        return None
    if entries == [b""]:
        return None
    start = f"{name}=".encode()
    return next((e[len(start) :].decode() for e in entries if e.startswith(start)), "")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process of one thread, and of its children that it has waited for;
    0 when it is gone. Formats: proc(5), /proc/PID/stat and /proc/PID/schedstat."""
    fields = stat_fields(pid)
    if fields is None:
        return 0.0
    utime, stime, cutime, cstime = map(int, fields[11:15])
    tick = os.sysconf("SC_CLK_TCK")
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as handle:
            own = int(handle.read().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        own = (utime + stime) / tick
    return own + (cutime + cstime) / tick


def all_threads_cpu_seconds(pid: int) -> float:
    """CPU time of a process, all threads, to the clock tick; 0 when it is gone."""
    fields = stat_fields(pid)
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def waited_cpu_seconds(pid: int) -> float:
    """CPU time of the children that a process has waited for, to the clock tick; 0 when it is
    gone."""
    fields = stat_fields(pid)
    return sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def host_cpu(own_s: float) -> dict[str, float]:
    """This host's part of an observation.

    Args:
        own_s: CPU seconds of our own programs so far.
    """
    with open("/proc/stat", encoding="ascii") as handle:
        cpu = stat_cpu(handle.readline(), os.sysconf("SC_CLK_TCK"))
    return {"clock_s": time.monotonic(), **cpu, "own_s": own_s, "load": os.getloadavg()[0]}


def others_run(glances: int = 5) -> bool:
    """Whether others than the caller are runnable on this host, in most of some glances a
    millisecond apart: a kernel thread that has a moment's work is not seen in most.

    Format: proc(5), /proc/stat, procs_running.
    """
    busy = 0
    for glance in range(glances):
        if glance:
            time.sleep(0.001)
        with open("/proc/stat", encoding="ascii") as handle:
            running = [int(line.split()[1]) for line in handle if line.startswith("procs_running")]
        busy += sum(running) > 1
    return 2 * busy > glances


def cpu_state(cpus: Iterable[int], root: str = "/sys/devices/system/cpu") -> dict[str, Any]:
    """What the kernel shows of the state of CPUs, as far as it does.

    Args:
        cpus: their numbers.
        root: the folder of the kernel's files on CPUs.

    Returns `cpu_khz`, and `core_throttles` and `package_throttles`, how often the
    hardware has throttled a core or its package for its heat since boot: each by the
    number of the CPU, and absent where the kernel does not show it. Formats: cpufreq and
    thermal_throttle in the kernel's Documentation/ABI/testing/sysfs-devices-system-cpu.
    """
    files = {
        "cpu_khz": "cpufreq/scaling_cur_freq",
        "core_throttles": "thermal_throttle/core_throttle_count",
        "package_throttles": "thermal_throttle/package_throttle_count",
    }
    state: dict[str, dict[str, int]] = {}
    for cpu in cpus:
        for name, file in files.items():
            with (
                contextlib.suppress(OSError, ValueError),
                open(f"{root}/cpu{cpu}/{file}", encoding="ascii") as handle,
            ):
                state.setdefault(name, {})[str(cpu)] = int(handle.read())
    # A file that is there may still refuse to be read.
    return {name: readings for name, readings in state.items() if readings}


def stat_cpu(line: str, tick: int) -> dict[str, float]:
    """CPU seconds of a host since boot: in programs, in interrupts, and stolen.

    Format: proc(5), /proc/stat, first line.

    Args:
        line: that line.
        tick: the host's clock ticks per second.
    """
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, line.split()[1:9])
    return {
        "program_s": (user + nice + system) / tick,
        "interrupt_s": (irq + softirq) / tick,
        "steal_s": steal / tick,
    }


def host_facts() -> dict[str, Any]:
    """Name, kernel and architecture of this host, its CPUs' model and number, and the
    hypervisor that it runs on: its name, `unnamed`, or empty where none shows."""
    system = os.uname()
    cpu: dict[str, str] = {}
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as handle:
        for line in handle:
            if not line.strip():
                break  # the end of the first CPU
            key, _, value = line.partition(":")
            cpu[key.strip()] = value.strip()
    return {
        "host": system.nodename,
        "kernel": system.release,
        "machine": system.machine,
        "cpu_model": cpu.get("model name", ""),
        "cpus_online": os.cpu_count(),
        "hypervisor": hypervisor("hypervisor" in cpu.get("flags", "").split()),
    }


def hypervisor(virtual: bool, root: str = "/sys") -> str:
    """What this host runs on, by its own account: see `host_facts`.

    Args:
        virtual: whether the CPU says that it is a virtual one.
        root: the folder of the kernel's files.
    """
    for names in (["hypervisor/type"], ["class/dmi/id/sys_vendor", "class/dmi/id/product_name"]):
        values = []
        for name in names if virtual or names == ["hypervisor/type"] else []:
            with contextlib.suppress(OSError), open(f"{root}/{name}", encoding="utf-8") as handle:
                values.append(handle.read().strip())
        if any(values):
            return " ".join(filter(None, values))
    return "unnamed" if virtual else ""
