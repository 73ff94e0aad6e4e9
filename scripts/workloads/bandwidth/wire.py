"""What goes over the path: probe packets by UDP, one JSON line a message by TCP.

A probe is MAGIC, the session's key, the stream's and the packet's number, then padding
that cannot be compressed.
"""

import json
import os
import struct
import time

from bandwidth.errors import ProbeError

HEADERS = 28  # bytes of IPv4 and UDP; every rate here counts them
SMALLEST, LARGEST = 200, 1472  # bytes of payload
LONGEST_LINE = 1 << 20
SENDING_S = 5  # for a message; it is small

_HEAD = struct.Struct("!4sIII")
_MAGIC = b"vcbw"
_PADDING = os.urandom(65536)


def packets(key, stream, count, payload, first=0):
    """The `count` packets of a stream from number `first` on, `payload` bytes each."""
    padding = _PADDING[: payload - _HEAD.size]
    numbers = range(first, first + count)
    return [_HEAD.pack(_MAGIC, key, stream, number) + padding for number in numbers]


def read_head(data, key):
    """(stream, number) of a packet of this session, or None."""
    if len(data) < _HEAD.size:
        return None
    magic, whose, stream, number = _HEAD.unpack_from(data)
    return (stream, number) if magic == _MAGIC and whose == key else None


class Control:
    """One end of the control connection; a late or closed other end is a ProbeError."""

    def __init__(self, connection, other):
        connection.setsockopt(6, 1, 1)  # TCP_NODELAY
        self.connection = connection
        self.other = other
        self.left = b""

    def send(self, **message):
        self.connection.settimeout(SENDING_S)
        try:
            self.connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError as fault:
            raise ProbeError(f"{self.other}: the connection broke ({fault})") from None

    def receive(self, timeout_s):
        """The next message, waiting `timeout_s` for the whole of it."""
        deadline_s = time.monotonic() + timeout_s
        while b"\n" not in self.left:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise ProbeError(f"{self.other}: no answer in time")
            self.connection.settimeout(left_s)
            try:
                part = self.connection.recv(65536)
            except OSError as fault:
                raise ProbeError(f"{self.other}: no answer ({fault})") from None
            if not part:
                raise ProbeError(f"{self.other}: ended the connection")
            self.left += part
            if len(self.left) > LONGEST_LINE:
                raise ProbeError(f"{self.other}: does not speak this protocol")
        line, self.left = self.left.split(b"\n", 1)
        try:
            message = json.loads(line.decode())
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise ProbeError(f"{self.other}: does not speak this protocol")
        return message
