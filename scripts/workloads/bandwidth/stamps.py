"""When packets arrived: the kernel's stamps, and whether the clock stepped under them.

The kernel stamps in CLOCK_REALTIME, which may be set while packets arrive. CLOCK_MONOTONIC
runs at the same rate and is never set, so that a change of their difference is a step.
"""

import socket
import struct
import time

SO_TIMESTAMPNS = 35  # asm-generic/socket.h; Python has no name for it
_TIMESPEC = struct.Struct("@ll")
STEP_NS = 100000  # reading both clocks is good to some microseconds


def enable(udp):
    """Ask for kernel stamps; returns their source, "kernel" or "user"."""
    try:
        udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return "user"
    return "kernel"


def receive(udp):
    """(payload, ns since the epoch) of the next packet; BlockingIOError when none waits."""
    data, ancillary, _, _ = udp.recvmsg(2048, 64)
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(content[: _TIMESPEC.size])
            return data, seconds * 1000000000 + nanoseconds
    return data, int(time.time() * 1e9)


def clock_difference_ns():
    """CLOCK_REALTIME less CLOCK_MONOTONIC, from the least disturbed of seven readings."""
    best = None
    for _ in range(7):
        before = time.monotonic()
        real = time.time()
        width = time.monotonic() - before
        if best is None or width < best[0]:
            best = width, real - before - width / 2
    return int(best[1] * 1e9)


def stepped(before_ns, after_ns):
    """Whether two clock differences tell of a step between them."""
    return abs(after_ns - before_ns) > STEP_NS


def jumped_back(arrivals):
    """Whether stamps (ns) in the order of reading run backwards: a step, told by itself.

    One socket's queue is in the order of arrival, so that its stamps never fall.
    """
    return any(late < early - STEP_NS for early, late in zip(arrivals, arrivals[1:]))
