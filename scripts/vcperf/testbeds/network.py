"""What the kernel says of a network: bytes received, and TCP ports on which somebody listens.

Formats: proc(5), /proc/net/dev and /proc/net/tcp.
"""

from __future__ import annotations

DEV = "/proc/net/dev"
# A server of IPv6 takes a port of IPv4 as well.
TCP = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTENING = "0A"  # TCP_LISTEN, in the kernel's include/net/tcp_states.h


def received_bytes(text: str) -> int:
    """What all interfaces together have received.

    Args:
        text: DEV; after an interface's name come its bytes.
    """
    counts = (line.partition(":")[2].split() for line in text.splitlines())
    return sum(int(count[0]) for count in counts if count)


def free_port(text: str, preferred: int) -> int:
    """The first port from `preferred` on that nobody listens on.

    Args:
        text: the files TCP; the second field is the local address in hexadecimal, the fourth
            the state.
        preferred: a port.
    """
    rows = [line.split() for line in text.splitlines()]
    taken = {
        int(row[1].rpartition(":")[2], 16) for row in rows if len(row) > 3 and row[3] == _LISTENING
    }
    return next(port for port in range(preferred, 65536) if port not in taken)
