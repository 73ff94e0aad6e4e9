"""The receiver's end: takes probes of one client at a time and hands back their stamps."""

import select
import signal
import socket
import time

from bandwidth import stamps, wire
from bandwidth.errors import ProbeError

IDLE_S = 30  # a client that says nothing for so long is gone
QUIET_S = 0.05  # what has not come this long after the last packet is lost
RECEIVE_BUFFER = 8 << 20


def serve(address, port):
    """Serve until SIGTERM; raises ProbeError when the port cannot be had."""
    signal.signal(signal.SIGTERM, _leave)
    family = socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        listener.bind((address, port))
        udp.bind((address, port))
    except (OSError, OverflowError) as fault:
        raise ProbeError(f"{address}:{port}: cannot listen ({fault})") from None
    listener.listen(5)
    udp.setblocking(False)
    _grow(udp)
    source = stamps.enable(udp)
    while True:
        connection, other = listener.accept()
        try:
            _Session(listener, udp, connection, other[0], source).run()
        except (ProbeError, OSError, KeyError, TypeError, ValueError):
            pass  # a client that left, or speaks something else
        finally:
            connection.close()


def _leave(*_):
    raise SystemExit(0)


def _grow(udp):
    """A buffer for whole trains: beyond the host's limit where that is allowed."""
    for option in (33, socket.SO_RCVBUF):  # 33: SO_RCVBUFFORCE
        try:
            udp.setsockopt(socket.SOL_SOCKET, option, RECEIVE_BUFFER)
            return
        except OSError:
            continue


class _Session:
    def __init__(self, listener, udp, connection, name, source):
        self.listener, self.udp = listener, udp
        self.control = wire.Control(connection, name)
        self.source = source
        self.key = None
        self.arrived = {}  # stream -> [(number, ns)] in the order of reading
        self.difference_ns = stamps.clock_difference_ns()

    def run(self):
        while True:
            if b"\n" not in self.control.left:
                self._wait(self.control.connection, IDLE_S)
            message = self.control.receive(IDLE_S)
            if message.get("do") == "hello":
                self.key = int(message["key"])
                buffer = self.udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
                self.control.send(hello="bandwidth 1", stamps=self.source, buffer=buffer)
            elif message.get("do") == "collect":
                self._collect(int(message["stream"]), int(message["count"]))
            else:
                return

    def _wait(self, connection, timeout_s):
        """Read probes until the client speaks; others hear that they must wait."""
        end = time.monotonic() + timeout_s
        while True:
            left = end - time.monotonic()
            ready = select.select([connection, self.udp, self.listener], [], [], max(left, 0))[0]
            if self.udp in ready:
                self._read()
            if self.listener in ready:
                late, _ = self.listener.accept()
                late.close()
            if connection in ready:
                return
            if left <= 0:
                raise ProbeError("idle")

    def _read(self):
        try:
            while True:
                data, when = stamps.receive(self.udp)
                head = wire.read_head(data, self.key) if self.key is not None else None
                if head:
                    self.arrived.setdefault(head[0], []).append((head[1], when))
        except OSError:  # BlockingIOError: no more of them
            return

    def _collect(self, stream, count):
        """Answer with a stream's packets, once they are there or no more come."""
        self._read()
        while len(self.arrived.get(stream, ())) < count:
            if not select.select([self.udp], [], [], QUIET_S)[0]:
                break
            self._read()
        packets = self.arrived.pop(stream, [])
        self.arrived.clear()  # stragglers of streams before
        times = [when for _, when in packets]
        difference_ns = stamps.clock_difference_ns()
        stepped = stamps.stepped(self.difference_ns, difference_ns) or stamps.jumped_back(times)
        self.difference_ns = difference_ns
        first = times[0] if times else 0
        self.control.send(
            stream=stream,
            packets=[[number, when - first] for number, when in packets],
            stepped=stepped,
        )
