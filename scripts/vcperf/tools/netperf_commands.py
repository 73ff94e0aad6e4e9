"""netperf: the command lines of a measurement."""

from __future__ import annotations

# What a measurement asks for; netperf drops an unknown key in silence, so that each
# must be seen to come back.
KEYS = (
    "THROUGHPUT",
    "THROUGHPUT_UNITS",
    "ELAPSED_TIME",
    "LOCAL_SEND_SIZE",
    "REQUEST_SIZE",
    "LOCAL_CPU_UTIL",
    "REMOTE_CPU_UTIL",
    "LOCAL_CPU_METHOD",
    "REMOTE_CPU_METHOD",
    "LOCAL_CPU_COUNT",
    "LSS_SIZE_END",
    "RSR_SIZE_END",
    "LOCAL_CONG_CONTROL",
    "LOCAL_SEND_THROUGHPUT",  # UDP
)


def client_argv(
    *,
    address: str,
    port: int | None,
    sender: str,
    test: str,
    message_bytes: int,
    duration_s: int,
    socket_buffers: dict[str, int] | None = None,
    congestion_control: str | None = None,
    keys: tuple[str, ...] = KEYS,
    interim_s: float | None = None,
) -> list[str]:
    """The command line of one measurement, KEY=VALUE output with both CPU figures.

    Args:
        address, port: where netserver listens; no port where another names it.
        sender: the address of the end that sends.
        test: netperf's name of the test.
        message_bytes: the size of a send, or of a request and its response.
        duration_s: whole seconds.
        socket_buffers: send_bytes and receive_bytes for both ends; None leaves the
            kernel's own sizing.
        congestion_control: for TCP tests; None leaves the host's own.
        keys: what to answer. Those of a latency make netperf take the time of each transaction.
        interim_s: seconds between interim results; None for none. Given as a negative number, it
            makes netperf look at the clock at each send: else it guesses when the time is up, and
            is late where the rate falls.
    """
    argv = ["netperf", "-4", "-H", address, *([] if port is None else ["-p", str(port)])]
    argv += ["-t", test, *([] if interim_s is None else ["-D", f"-{interim_s:g}"])]
    # Else the data's own sockets are open at every address of a host.
    argv += ["-l", str(duration_s), "-c", "-C", "--", "-H", address]
    if test.startswith("UDP"):
        argv += ["-L", sender]
    if test.endswith("RR"):
        argv += ["-r", f"{message_bytes},{message_bytes}"]
    else:
        argv += ["-m", str(message_bytes)]
    if socket_buffers:
        both = f"{socket_buffers['send_bytes']},{socket_buffers['receive_bytes']}"
        argv += ["-s", both, "-S", both]
    if congestion_control and test.startswith("TCP"):
        argv += ["-K", congestion_control]
    return [*argv, "-k", ",".join(keys)]


def server_argv(*, address: str, port: int) -> list[str]:
    """netserver in the foreground, so that it ends with whoever holds it."""
    return ["netserver", "-4", "-D", "-f", "-L", address, "-p", str(port)]
