"""Processes: waited for, found below another, seen to have ended."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

import pytest

PATIENCE_S = 180  # a bound, not a pause: campaigns of other tests may hold the host


def wait_until(condition, what: str, patience_s: float = PATIENCE_S):
    """Poll a condition; what it waits for happens, or the test fails."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"{what}: not within {patience_s:g} s")


def descendants(pid: int) -> dict[int, str]:
    """pid -> command line of everything below a process."""
    parents, names = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                name = (entry / "cmdline").read_text().replace("\0", " ")
                parents[int(entry.name)], names[int(entry.name)] = int(fields[1]), name
    found, grown = {pid}, True
    while grown:
        more = {p for p, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return {p: names[p] for p in found & set(names) - {pid}}


def measuring(pid: int) -> dict[int, str]:
    """The descendants, once netperf and netserver are among them."""
    below = descendants(pid)
    started = {name.split()[0] for name in below.values() if name}
    return below if {"netperf", "netserver"} <= started else {}


def gone(pids) -> bool:
    """Whether all have ended (a zombie that its new parent has not reaped has)."""
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                return False
    return True


def host_is_free() -> bool:
    """Whether nobody holds the host's lock."""
    handle = os.open("/", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
