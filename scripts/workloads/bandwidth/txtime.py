"""Sending at a given spacing by the kernel: each packet carries its time of departure.

SO_TXTIME (Linux 4.19) hands that time to the queueing discipline of the interface. fq holds
the packet until then; others, and interfaces without one, ignore it or drop the packet. What
happened is told by nothing but the stamps that the kernel takes of departures
(SO_TIMESTAMPING). Numbers and structures: Linux's include/uapi, asm-generic/socket.h,
linux/net_tstamp.h and linux/errqueue.h; Python has no names for them.
"""

import socket
import struct
import time

from bandwidth import pacing, stamps

SO_TXTIME, SO_TIMESTAMPING = 61, 37
TX_SOFTWARE, SOFTWARE, OPT_ID, OPT_TSONLY = 1 << 1, 1 << 4, 1 << 7, 1 << 11
STAMPED = TX_SOFTWARE | SOFTWARE | OPT_ID | OPT_TSONLY
MSG_ERRQUEUE = 0x2000
IP_RECVERR, ORIGIN_TIMESTAMPING = 11, 4
CLOCK_MONOTONIC = 1  # the only one that fq takes
_TIMESPEC = struct.Struct("@ll")
_EXTENDED_ERROR = struct.Struct("@IBBBBII")  # errno, origin, type, code, pad, info, data

AHEAD = 64  # packets in the queue; fq drops what is beyond 100 of a flow
AHEAD_NS = 10000  # between packets that only empty a bucket
LEAD_NS = 1000000  # from the call to the first departure
EARLY_NS = 100000  # no clock reading is so far off: the packet was not held
PATIENCE_NS = 50000000  # for the last stamps
SLOWEST_S = 0.002  # no spacing longer than that is worth trying
TRIES = 3


class Kernel:
    """Kernel pacing of a connected UDP socket; raises OSError where there is none at all.

    `sent` counts its packets.
    """

    def __init__(self, udp):
        self.udp = udp
        self.sent = 0
        udp.setsockopt(socket.SOL_SOCKET, SO_TXTIME, struct.pack("@iI", CLOCK_MONOTONIC, 0))
        self._stamp(STAMPED)  # refused here, if at all
        self._stamp(0)

    def hold(self, packets, shortest_s):
        """Try whether packets leave when they are told to, and how close together.

        A tenth of the packets a millisecond apart decide it: without a queue that holds them
        all but the last would leave early. Then spacings from `shortest_s` on, each twice the
        one before, until one holds. Each has a few tries: a host may be busy for a moment.

        Returns:
            that spacing (s), or None: another way of pacing is needed. Raises what sending raises.
        """
        if self.send(packets[: len(packets) // 10], 0.001)[1]:
            return None
        while shortest_s <= SLOWEST_S:
            for _ in range(TRIES):
                when, doubt = self.send(packets, shortest_s)
                if not (doubt or pacing.fault(when, shortest_s)):
                    return shortest_s
            shortest_s *= 2
        return None

    def send(self, packets, spacing_s, ahead=()):
        """Send each packet at its time, those `ahead` at once and right before.

        Returns:
            when each of `packets` left (s, of CLOCK_MONOTONIC), and why they are not to be
            trusted, or "".
        """
        difference_ns = stamps.clock_difference_ns()
        seen = {}
        self._stamp(STAMPED)  # from zero: turning OPT_ID on restarts the numbers
        try:
            due = self._feed(ahead, packets, spacing_s, seen)
            last_ns = due[-1] + PATIENCE_NS
            while len(seen) < len(due) and _now_ns() < last_ns:
                time.sleep(0.0005)
                self._read(seen)
        finally:
            self._stamp(0)
            self._read({})
        doubt = _doubt(seen, due, difference_ns)
        for number in range(len(due)):
            due[number] = seen.get(number, due[number] + difference_ns) - difference_ns
        return [at * 1e-9 for at in due[len(ahead) :]], doubt

    def _feed(self, ahead, packets, spacing_s, seen):
        start_ns = _now_ns() + LEAD_NS
        due = [start_ns + number * AHEAD_NS for number in range(len(ahead))]
        start_ns += len(ahead) * AHEAD_NS
        due += [start_ns + int(number * spacing_s * 1e9) for number in range(len(packets))]
        nap_s = min(AHEAD * spacing_s * 0.25, 0.005)
        for number, packet in enumerate([*ahead, *packets]):
            at = due[number]
            while number >= AHEAD and due[number - AHEAD] > _now_ns():
                self._read(seen)
                time.sleep(nap_s)
            told = (socket.SOL_SOCKET, SO_TXTIME, struct.pack("@Q", at))
            self.udp.sendmsg([packet], [told])
            self.sent += 1
        return due

    def _stamp(self, flags):
        self.udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, flags)

    def _read(self, seen):
        """Take the stamps that are there: number -> ns since the epoch."""
        try:
            while True:
                flags = MSG_ERRQUEUE | socket.MSG_DONTWAIT
                _, ancillary, _, _ = self.udp.recvmsg(1, 512, flags)
                number, at = departure(ancillary)
                if at:
                    seen[number] = at
        except BlockingIOError:  # no more of them
            return


def departure(ancillary):
    """(packet's number, ns since the epoch) from what the error queue says; (None, 0): neither."""
    number, at = None, 0
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPING):
            seconds, nanoseconds = _TIMESPEC.unpack_from(content)  # the first of three
            at = seconds * 1000000000 + nanoseconds
        elif (level, kind) == (socket.IPPROTO_IP, IP_RECVERR):
            _, origin, _, _, _, _, data = _EXTENDED_ERROR.unpack_from(content)
            number = data if origin == ORIGIN_TIMESTAMPING else None
    return (number, at) if number is not None else (None, 0)


def _doubt(seen, due, difference_ns):
    """Why departures (ns) are not what was asked for, or "" (see also pacing.fault)."""
    if len(seen) < len(due):
        return "pacing: the kernel tells no departure of some packets"
    if stamps.stepped(difference_ns, stamps.clock_difference_ns()):
        return "the sender's clock stepped"
    if any(seen[number] - difference_ns < at - EARLY_NS for number, at in enumerate(due)):
        return "pacing: a packet left early"
    return ""


def _now_ns():
    return int(time.monotonic() * 1e9)
