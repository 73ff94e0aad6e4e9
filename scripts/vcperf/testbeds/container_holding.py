"""How containers are held to their CPUs: by control groups, or, without root, by the affinity of
their processes.

A user who is not root may make no control group with CPUs. So containers get none then: every
command starts through taskset, and what the kernel allows each process is read back as on the
other testbeds of this machine.
"""

from __future__ import annotations

import glob
import os

from vcperf.testbeds import processes
from vcperf.testbeds.cgroups import Group

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Protocol

    class Account(Protocol):
        """The processes of one container, and what they have used."""

        def cpus(self) -> str:
            """The CPUs that it may use, as `0-1,3`. Raises OSError when it has ended."""

        def cpu_seconds(self) -> float:
            """CPU time of all that is or was in it. Raises OSError when it has ended."""

        def pids(self) -> set[int]:
            """The processes in it now, by their numbers in our own PID namespace."""

        def reaped(self, seconds: float) -> None:
            """Take the CPU time of a command that has ended."""


# Without `gid=5`, which is the group tty: there is none where one user is mapped alone.
TERMINALS = "--mount=type=devpts,destination=/dev/pts,mode=620"


class ByGroups:
    """Containers with control groups of their own.

    Args:
        cgroup: the group at the top below which they are.
    """

    words = ""  # what records say besides

    def __init__(self, cgroup: str) -> None:
        self._cgroup = cgroup

    def run_words(self, cpus: str) -> list[str]:
        """Options of `podman run`.

        Args:
            cpus: as `0,3`.
        """
        return [f"--cgroup-parent={self._cgroup}", f"--cpuset-cpus={cpus}"]

    def prefix(self, cpus: str) -> list[str]:
        """What a command in the container begins with: nothing."""
        return []

    def hold(self, pid: int, cpus: list[int]) -> None:
        """Nothing: a container starts with its CPUs."""

    def account(self, pid: int, launched: str) -> Account:
        """The account of a container: see `ByAffinity.account`."""
        return Group(pid)


class ByAffinity:
    """Containers without control groups."""

    words = ", rootless, CPUs by affinity"

    def run_words(self, cpus: str) -> list[str]:
        """Options of `podman run`: see `ByGroups.run_words`."""
        return ["--cgroups=disabled", TERMINALS]

    def prefix(self, cpus: str) -> list[str]:
        """What a command in the container begins with."""
        return ["taskset", "--cpu-list", cpus]

    def hold(self, pid: int, cpus: list[int]) -> None:
        """Hold the first process of a container. Raises OSError."""
        os.sched_setaffinity(pid, cpus)

    def account(self, pid: int, launched: str) -> Account:
        """The account of a container.

        Args:
            pid: its first process.
            launched: a pattern of files: see `Members`.
        """
        return Members(pid, launched)


class Members:
    """The processes of a PID namespace: the account of a container without a control group.

    CPU time is to the clock tick for those that have ended.

    Args:
        pid: the namespace's first process.
        launched: a pattern of files, in each the CPU time of what an agent of MPI has started:
            two lines as `times` of a shell prints them, of the shell and of its children.
    """

    def __init__(self, pid: int, launched: str) -> None:
        self._first, self._launched = pid, launched
        self._namespace = os.stat(f"/proc/{pid}/ns/pid").st_ino
        self._reaped_s = 0.0

    def cpus(self) -> str:
        """The CPUs of its first process. Raises OSError when it has ended."""
        return ",".join(map(str, processes.affinity(self._first)))

    def cpu_seconds(self) -> float:
        """CPU time of all that is or was in it. Raises OSError when it has ended."""
        os.stat(f"/proc/{self._first}")
        launched = sum(map(_seconds_in, glob.glob(self._launched)))
        return self._reaped_s + launched + sum(map(processes.cpu_seconds, self.pids()))

    def pids(self) -> set[int]:
        """The processes in it now."""
        return {int(name) for name in os.listdir("/proc") if name.isdigit() and self._has(name)}

    def reaped(self, seconds: float) -> None:
        """Take the CPU time of a command that has ended."""
        self._reaped_s += seconds

    def _has(self, pid: str) -> bool:
        try:
            return os.stat(f"/proc/{pid}/ns/pid").st_ino == self._namespace
        except OSError:
            return False


def _seconds_in(file: str) -> float:
    """CPU seconds of a shell's children in ``0m0.010000s 0m0.000000s``, the last line of a file."""
    with open(file, encoding="ascii") as handle:
        words = handle.read().split()[-2:]
    return sum(60 * float(m) + float(s.rstrip("s")) for m, s in (w.split("m") for w in words))


def rootless() -> bool:
    """Whether we are no root of this machine: another user, or root in a user namespace alone.

    Format: user_namespaces(7), /proc/PID/uid_map: the whole range in the first namespace.
    """
    with open("/proc/self/uid_map", encoding="ascii") as handle:
        return os.geteuid() != 0 or handle.read().split() != ["0", "0", "4294967295"]
