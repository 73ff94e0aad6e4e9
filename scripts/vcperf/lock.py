"""One campaign measures on a host at a time.

The lock is flock(2) on the root directory: no file to leave behind, open to every
user, and gone with its holder, however that ends. scripts/isolate takes the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from pathlib import Path

# In the environment: blocks started from here do not ask for the lock again.
NODE_LOCKED = "VCPERF_NODE_LOCKED"

_held: list[int] = []


def hold_host() -> None:
    """Take the host for this process's lifetime; wait, and say for whom, when it is taken.

    Marks the environment, so that blocks started from here do not ask again.
    """
    handle = os.open("/", os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"Waiting: {_holder()} is measuring on this host.", file=sys.stderr, flush=True)
        fcntl.flock(handle, fcntl.LOCK_EX)
    _held.append(handle)
    os.environ[NODE_LOCKED] = "1"


def _holder() -> str:
    """The process that holds the lock, as far as /proc/locks tells. Format: proc(5)."""
    root = os.stat("/")
    inode = f"{os.major(root.st_dev):02x}:{os.minor(root.st_dev):02x}:{root.st_ino}"
    with contextlib.suppress(OSError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            fields = line.split()
            if fields[1] == "FLOCK" and fields[5] == inode:
                with contextlib.suppress(OSError):
                    return f"process {fields[4]} (in {os.readlink(f'/proc/{fields[4]}/cwd')})"
                return f"process {fields[4]}"
    return "another campaign"
