"""One campaign measures on a host at a time.

The lock is flock(2) on the root directory: no file to leave behind, open to every
user, and gone with its holder, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator

# In the environment of a campaign that holds the host: its blocks do not ask for the lock again.
NODE_LOCKED = "VCPERF_NODE_LOCKED"

_held: list[int] = []


def hold_host() -> None:
    """Take the host for this process's lifetime; wait, and say for whom, when it is taken.

    Marks the environment, so that blocks started from here do not ask again. Raises
    SystemExit when it is stopped while it waits.
    """
    _held.append(_take())
    os.environ[NODE_LOCKED] = "1"


def is_held_by_us(boot: str) -> bool:
    """Whether a machine is this one and this process has taken it (`hold_host`): a node of a
    campaign that measures on this machine itself may be it, too.

    Args:
        boot: /proc/sys/kernel/random/boot_id of the machine.
    """
    if not _held:
        return False
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as ours:
        return ours.read().strip() == boot


@contextlib.contextmanager
def for_block(needed: bool) -> Iterator[None]:
    """Take the host for one block, unless the campaign that started it holds it already.

    Args:
        needed: whether the block measures on this host at all.
    """
    if not needed or NODE_LOCKED in os.environ:
        yield
        return
    handle = _take()
    try:
        yield
    finally:
        os.close(handle)


def _take() -> int:
    """Lock the host; returns the file descriptor that holds the lock."""
    handle = os.open("/", os.O_RDONLY | os.O_CLOEXEC)
    take(handle, "measuring on this host")
    return handle


def take(handle: int, doing: str) -> None:
    """Lock an open file or folder for as long as it stays open.

    Args:
        handle: its file descriptor.
        doing: what a process that has the lock is doing, for the line that says that this
            process waits for it.

    SIGINT and SIGTERM end the wait at once, in one line, whatever handlers the program
    has: raises SystemExit with the status that shells give such an end. Raises OSError
    where the file system knows no locks.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        whose = holder(handle)
        with stoppable(f"Stopped while waiting for {whose}."):
            print(f"Waiting: {whose} is {doing}.", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)


@contextlib.contextmanager
def stoppable(last_line: str) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the program from here, with one line; not those that it
    was started to ignore."""

    def stop(number: int, _: object) -> None:
        print(last_line, file=sys.stderr, flush=True)
        sys.exit(128 + number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    kept = {n: handler for n in numbers if (handler := signal.getsignal(n)) != signal.SIG_IGN}
    try:
        for number in kept:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def holder(handle: int) -> str:
    """The process that has an open file locked, as far as /proc/locks shows it. Format: proc(5)."""
    file = os.fstat(handle)
    inode = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
    with contextlib.suppress(OSError), open("/proc/locks", encoding="ascii") as locks:
        for line in locks:
            fields = line.split()
            if fields[1] == "FLOCK" and fields[5] == inode:
                with contextlib.suppress(OSError):
                    return f"process {fields[4]} (in {os.readlink(f'/proc/{fields[4]}/cwd')})"
                return f"process {fields[4]}"
    return "another campaign"
