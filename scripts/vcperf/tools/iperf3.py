"""iperf3: command lines, and a parser for its JSON (``-J``), of the client or of the server.

One row per direction: ``forward`` is client -> server, ``reverse`` (-R) is server -> client, and a
bidirectional run (--bidir) has both. A client knows both ends, as the server sends it its results
at the end. A server knows only its own end; what it does not know is empty.

- elapsed_s: the sender's time where it is known, else the receiver's; without the warm-up (-O).
- sent_mbps, received_mbps: of all streams, in 10^6 bit/s.
- lost_percent (UDP): what was sent and did not arrive, in percent of what was sent. It is computed
  from both, because iperf3 also counts what was lost during the warm-up, and does not count
  datagrams that were lost at the very end. Only where what was sent is not known, it is iperf3's.
- sender_cpu_percent, receiver_cpu_percent: CPU time of the iperf3 process at that end in percent
  of one CPU, from the start of the run, so with the warm-up.

Rows have more than COLUMNS, for tables: see EXTRA. JSON in which figures contradict each other
(bytes, seconds and rate; streams and their sum; intervals and the whole) is refused, and so is a
run that reports an error. Format: src/iperf_api.c of iperf 3.1 to 3.12; before 3.12 UDP had one
sum for both ends, from which what was received is computed.
"""

from __future__ import annotations

import sys

from vcperf.tools.filter import Row, main
from vcperf.tools.iperf3_report import BIDIRECTIONAL, COLUMNS, EXTRA, FORWARD, REVERSE, Report

__all__ = ["COLUMNS", "EXTRA"]

MOST_BYTES = 12_000_000  # JSON takes up to 33 times as much memory
MODES = (FORWARD, REVERSE, BIDIRECTIONAL)


def server_argv(*, address: str, port: int) -> list[str]:
    """The command line of a server that serves one client, then ends."""
    return ["iperf3", "-s", "-1", "-J", "-B", address, "-p", str(port)]


def client_argv(
    *,
    address: str,
    port: int,
    protocol: str,
    mode: str,
    streams: int,
    message_bytes: int,
    duration_s: int,
    warmup_s: int,
    udp_mbps: float = 0,
) -> list[str]:
    """The command line of one measurement.

    Args:
        address, port: where the server listens; UDP data goes to the same port number.
        protocol: TCP or UDP.
        mode: out of MODES.
        streams: in each direction, at the same time.
        message_bytes: the size of a send, or of a datagram.
        duration_s, warmup_s: whole seconds; the warm-up comes before and is not counted.
        udp_mbps: each UDP stream's rate in 10^6 bit/s; 0 is as fast as possible. TCP has no limit.
    """
    argv = ["iperf3", "-c", address, "-p", str(port), "-J", "--get-server-output"]
    argv += ["-t", str(duration_s), "-O", str(warmup_s), "-P", str(streams)]
    argv += ["-l", str(message_bytes)]
    argv += {FORWARD: [], REVERSE: ["-R"], BIDIRECTIONAL: ["--bidir"]}[mode]
    if protocol == "UDP":
        argv += ["-u", "-b", f"{udp_mbps * 1e6:.0f}"]
    return argv


def parse(text: str) -> list[Row]:
    """Rows of COLUMNS and EXTRA, one per direction; what the end does not know is None.

    Raises Untrusted when the text is not one whole report, reports an error, or contradicts itself.
    """
    report = Report(text)
    return [report.row(direction, suffix) for direction, suffix in report.directions]


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS, MOST_BYTES))
