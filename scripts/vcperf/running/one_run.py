"""One run works on a folder of results at a time.

A second run that planned while the first measures would act on a stale plan: it would
measure again what the first has finished. So a run takes the folder before it plans.

The lock is flock(2) on a file in the folder: it ends with its holder, however that ends,
and works on network file systems, where a folder itself cannot be locked. The empty file
stays, and means nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from vcperf.running import host_lock

NAME = ".lock"

_held: list[int] = []


def hold(folder: str) -> None:
    """Take a folder of results for this process's lifetime; made if missing.

    Waits while another run has it, and says for which. Goes on, and says so, on a file
    system without locks. Raises SystemExit when it is stopped while it waits.
    """
    _held.append(_take(folder))


@contextlib.contextmanager
def holding(folder: str) -> Iterator[None]:
    """Take a folder of results as `hold`, until the context ends."""
    handle = _take(folder)
    try:
        yield
    finally:
        os.close(handle)


def _take(folder: str) -> int:
    os.makedirs(folder, exist_ok=True)
    handle = os.open(os.path.join(folder, NAME), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        host_lock.take(handle, f"using {folder}")
    except OSError as error:
        print(
            f"{folder}: cannot be locked ({error.strerror}); start no second run in it",
            file=sys.stderr,
            flush=True,
        )
    return handle
