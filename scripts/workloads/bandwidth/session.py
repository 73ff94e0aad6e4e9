"""The sender's end: sends streams and has what arrived of them."""

import contextlib
import os
import socket
import struct
import time

from bandwidth import pacing, txtime, wire
from bandwidth.errors import ProbeError

CONNECT_S = 5
ANSWER_S = 5
SENDING_S = 1
MOST_LOST = 3  # streams in a row of which nothing arrived
TRIAL = 100  # small packets, that nobody waits for at the other end


class Stream:
    """What was sent and what arrived of it.

    sent: when each packet left, s. arrivals: (number, s) in order of arrival, on the
    receiver's clock, from an origin of its own. stepped: its clock was set meanwhile.
    doubt: why the times of leaving are not to be trusted, or "".
    """

    def __init__(self, payload, sent, arrivals, stepped, doubt=""):
        self.payload, self.sent, self.arrivals, self.stepped = payload, sent, arrivals, stepped
        self.doubt = doubt

    @property
    def bits(self):
        """Of one packet, with IP and UDP headers."""
        return 8 * (self.payload + wire.HEADERS)

    def in_order(self):
        """The arrivals less those overtaken (they count as lost) and doubled ones."""
        kept, last = [], -1
        for number, when in self.arrivals:
            if number > last:
                kept.append((number, when))
                last = number
        return kept

    @property
    def loss(self):
        """The share of packets lost or overtaken."""
        return 1 - len(self.in_order()) / len(self.sent)

    def delays(self):
        """Relative one-way delays (s) of the packets in order; their origin means nothing."""
        return [when - self.sent[number] for number, when in self.in_order()]


class Session:
    """A connection to a server, to be closed; raises ProbeError for what the path does.

    Args:
        deadline_s: time.monotonic() at which any wait ends.
        priority: that of this process, for the record (see pacing.take_priority).
    """

    def __init__(self, address, port, deadline_s, priority="normal"):
        self.name = f"{address}:{port}"
        self.deadline_s = deadline_s
        self.priority = priority
        self.started_s = time.monotonic()
        self.bytes_sent = self.streams = self.lost_streams = 0
        self.kernel = None  # paces where it is a txtime.Kernel; else a busy wait does
        try:
            connection = socket.create_connection((address, port), timeout=CONNECT_S)
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.connect(connection.getpeername()[:2])
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            # An interface that takes no more packets must not block the sender.
            limit = struct.pack("@ll", SENDING_S, 0)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        except (OSError, OverflowError) as fault:
            raise ProbeError(f"{self.name}: cannot connect ({fault})") from None
        self.control = wire.Control(connection, self.name)
        self.key = int.from_bytes(os.urandom(4), "big")
        asked_s = time.monotonic()
        hello = self._ask(do="hello", key=self.key)
        if hello.get("hello") != "bandwidth 1":
            raise ProbeError(f"{self.name}: does not speak this protocol")
        self.rtt_s = time.monotonic() - asked_s
        self.stamps = hello["stamps"]
        self.buffer = hello["buffer"]

    def close(self):
        self.udp.close()
        self.control.connection.close()

    def elapsed_s(self):
        return time.monotonic() - self.started_s

    def left_s(self):
        return self.deadline_s - time.monotonic()

    def pause(self, duration_s):
        """Sleep, but not past the deadline."""
        time.sleep(max(0, min(duration_s, self.left_s())))

    def choose_pacing(self, shortest_s):
        """Let the kernel pace where it does; returns the shortest spacing (s) that is held.

        Args:
            shortest_s: what the busy wait holds.
        """
        packets = wire.packets(self.key, 0, TRIAL, wire.SMALLEST)
        try:
            kernel = txtime.Kernel(self.udp)
        except OSError:
            return shortest_s
        with self._sending():
            held_s = kernel.hold(packets, shortest_s)
        self.bytes_sent += kernel.sent * (wire.SMALLEST + wire.HEADERS)
        if held_s is None:
            return shortest_s
        self.kernel = kernel
        return held_s

    @property
    def pacing(self):
        return "kernel" if self.kernel else "busy wait"

    def send(self, count, payload, spacing_s=0.0, lead=0, lead_payload=wire.LARGEST):
        """Send a stream (spacing 0: a train back to back), returns the Stream.

        Args:
            lead: packets of `lead_payload` bytes that go ahead back to back, to empty a token
                bucket. They are not of the Stream.
        """
        self.streams += 1
        ahead = wire.packets(self.key, self.streams, lead, lead_payload)
        packets = wire.packets(self.key, self.streams, count, payload, lead)
        doubt = ""
        with self._sending():
            if self.kernel and spacing_s:
                sent, doubt = self.kernel.send(packets, spacing_s, ahead)
            else:
                sent = pacing.send_paced(self.udp.send, packets, spacing_s, ahead)
        self.bytes_sent += count * (payload + wire.HEADERS) + lead * (lead_payload + wire.HEADERS)
        answer = self._ask(do="collect", stream=self.streams, count=lead + count)
        try:
            told = [(int(n) - lead, int(ns) * 1e-9) for n, ns in answer["packets"]]
            arrivals = [(n, when) for n, when in told if 0 <= n < count]
        except (KeyError, TypeError, ValueError):
            raise ProbeError(self.name + ": does not speak this protocol") from None
        self.lost_streams = 0 if arrivals else self.lost_streams + 1
        if self.lost_streams >= MOST_LOST:
            raise ProbeError(
                f"{self.name}: of {MOST_LOST} streams in a row no packet arrived;"
                " does a firewall drop UDP?"
            )
        return Stream(payload, sent, arrivals, bool(answer.get("stepped")), doubt)

    @contextlib.contextmanager
    def _sending(self):
        try:
            yield
        except ConnectionRefusedError:
            raise ProbeError(self.name + ": refuses UDP; a firewall?") from None
        except OSError as fault:
            raise ProbeError(f"{self.name}: cannot send UDP ({fault})") from None

    def _ask(self, **message):
        if self.left_s() <= 0:
            raise ProbeError(self.name + ": the time ran out")
        self.control.send(**message)
        return self.control.receive(min(ANSWER_S, self.left_s()))
