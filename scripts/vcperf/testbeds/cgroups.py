"""Control groups of containers: their CPUs, their CPU time and their processes.

Formats: cgroups(7); /proc/PID/cgroup has ``NUMBER:CONTROLLERS:PATH`` per line, of version 2
``0::PATH``; the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
"""

from __future__ import annotations

import contextlib
import os
import time

ROOT = "/sys/fs/cgroup"
TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator


class Group:
    """The control group in which a container's processes are, read by us only.

    Args:
        pid: a process of the container.
        root: where control groups are mounted.
    """

    def __init__(self, pid: int, root: str = ROOT) -> None:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8") as handle:
            lines = handle.read().splitlines()
        fields = [line.split(":", 2) for line in lines]
        self.cpuset = folder(fields, "cpuset", root)
        self._usage = folder(fields, "cpuacct", root)

    def cpus(self) -> str:
        """The CPUs that it may use, as `0-1,3`. Raises OSError when it is gone."""
        for name in ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"):
            with contextlib.suppress(FileNotFoundError):
                return _read(f"{self.cpuset}/{name}").strip()
        raise FileNotFoundError(self.cpuset)

    def cpu_seconds(self) -> float:
        """CPU time of all processes that are or were in it. Raises OSError when it is gone."""
        with contextlib.suppress(FileNotFoundError):
            return int(_read(f"{self._usage}/cpuacct.usage")) / 1e9
        words = _read(f"{self._usage}/cpu.stat").split()
        return int(words[words.index("usage_usec") + 1]) / 1e6

    def reaped(self, seconds: float) -> None:
        """A command in it has ended: it counts in any case."""

    def pids(self) -> set[int]:
        """The processes in it, by their numbers in our own PID namespace; none when it is gone."""
        try:
            return {int(word) for word in _read(f"{self.cpuset}/cgroup.procs").split()}
        except OSError:
            return set()


def folder(fields: list[list[str]], controller: str, root: str = ROOT) -> str:
    """Where a controller's files of a group are.

    Args:
        fields: of /proc/PID/cgroup, three per line.
        controller: its name in version 1; without it, the group of version 2.
        root: where control groups are mounted.
    """
    for _, controllers, path in fields:
        if controller in controllers.split(","):
            return f"{root}/{controller}{path}"
    path = next((path for _, controllers, path in fields if not controllers), "")
    return f"{root}{path}"


def sweep(prefix: str, older_s: float, root: str = ROOT) -> None:
    """Remove groups at the top that nobody is in: what killed blocks have left.

    Args:
        prefix: how their names begin.
        older_s: seconds for which nothing was made in them: a block that starts has empty ones.
        root: where control groups are mounted.
    """
    latest = time.time() - older_s
    for top in _tops(root):
        with os.scandir(top) as entries:
            left = [e.path for e in entries if e.name.startswith(prefix) and _old(e, latest)]
        for path in left:
            for below, _, _ in os.walk(path, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(below)


def _old(entry: os.DirEntry[str], latest: float) -> bool:
    with contextlib.suppress(OSError):
        return entry.stat().st_mtime <= latest
    return False


def _tops(root: str) -> Iterator[str]:
    """The top groups: of version 2, or one per hierarchy of version 1."""
    if os.path.exists(f"{root}/cgroup.procs"):
        yield root
        return
    with contextlib.suppress(OSError), os.scandir(root) as entries:
        yield from (e.path for e in entries if e.is_dir(follow_symlinks=False))


def _read(path: str) -> str:
    with open(path, encoding="ascii") as handle:
        return handle.read()
