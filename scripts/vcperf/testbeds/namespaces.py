"""Network namespaces, each with a process that does nothing but hold it."""

from __future__ import annotations

import contextlib
import os
import signal

from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator

_NEW_NET = 0x40000000  # CLONE_NEWNET, in the kernel's include/uapi/linux/sched.h


class Anchor:
    """A process in a network namespace of its own; `pid` is its number."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def wait(self) -> None:
        """Wait for its end."""
        os.waitpid(self.pid, 0)


@contextlib.contextmanager
def back_home() -> Iterator[None]:
    """A context after which this process is again in the network namespace in which it was."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        _call("setns", home, _NEW_NET)
        os.close(home)


def enter_new() -> None:
    """Go into a new network namespace. Raises VcperfError where the kernel refuses."""
    _call("unshare", _NEW_NET)


def anchor() -> Anchor:
    """A process in the namespace in which this one is now: a copy of it, asleep until killed."""
    pid = os.fork()
    if pid:
        return Anchor(pid)
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        while True:
            signal.pause()
    finally:
        os._exit(0)


def _call(name: str, *arguments: int) -> None:
    """A function of the C library, which Python has from 3.12 on."""
    try:
        if hasattr(os, name):
            getattr(os, name)(*arguments)
            return
        import ctypes  # its start-up time is for older ones alone

        if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    except OSError as error:
        raise VcperfError(f"testbed netns: {name} failed: {error.strerror}") from None
