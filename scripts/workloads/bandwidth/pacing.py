"""Sending at a given spacing by a busy wait, and checking the spacing packet by packet.

A Python process can be off the CPU when a packet is due. It cannot send in time then, but
it knows: each packet's own time is taken just before it is handed to the kernel.
"""

import os
import time

LATE_S = 0.001  # a context switch: pathload's limit
LATE_SHARE = 0.25  # of packets that may leave more than one spacing late
RATE_ERROR = 0.05


def take_priority():
    """Go before other processes where the host allows it; returns what was got.

    The busy wait lasts a tenth of the time at most, so that others are not starved.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        return "real time"
    except (OSError, AttributeError):
        pass
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
        return "nice -20"
    except OSError:
        return "normal"


def send_paced(send, packets, spacing_s, ahead=(), clock=time.perf_counter):
    """Hand each packet to `send` when it is due, those `ahead` at once and right before.

    Returns when each of `packets` went (s, list). Raises what `send` raises.
    """
    when = []
    note = when.append
    for packet in ahead:
        send(packet)
    start = clock() + (0 if ahead else 50e-6)
    for number, packet in enumerate(packets):
        due = start + number * spacing_s
        now = clock()
        while now < due:
            now = clock()
        send(packet)
        note(now)
    return when


def fault(when, spacing_s):
    """Why a stream that left at `when` (s) is not one of this spacing, or ''.

    >>> fault([0.0, 1e-4, 2e-4, 3e-4], 1e-4)
    ''
    >>> fault([0.0, 1e-4, 2.2e-3, 2.21e-3], 1e-4)
    'pacing: a packet left 2.0 ms late'
    """
    late = [at - when[0] - number * spacing_s for number, at in enumerate(when)]
    if max(late) > max(2 * spacing_s, LATE_S):
        return f"pacing: a packet left {max(late) * 1e3:.1f} ms late"
    behind = sum(x > spacing_s for x in late) / len(late)
    if behind > LATE_SHARE:
        return f"pacing: {behind * 100:.0f} % of the packets left late"
    wanted = spacing_s * (len(when) - 1)
    if abs(when[-1] - when[0] - wanted) > RATE_ERROR * wanted:
        return f"pacing: the rate was {wanted / (when[-1] - when[0]) - 1:+.0%} off"
    return ""


def shortest_spacing_s(gap_s):
    """The spacing that the busy wait holds, from the median gap of a back-to-back train (s).

    Twice that gap, at least 7 us: pathload's rule, with the latency of the path's own interface
    for the loopback's.
    """
    return max(7e-6, 2 * gap_s)
