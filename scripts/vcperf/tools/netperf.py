"""netperf: a parser for its reports, of 2.2 to 2.7.

Reads the classic tables, with a banner or without (-P 0), with CPU utilisation (-c -C) or
without, with what -v 2 adds; KEY=VALUE lines (-k); and comma-separated values (-o)::

    MIGRATED TCP STREAM TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to 127.0.0.1 () port 0 ...
    Recv   Send    Send                          Utilization       Service Demand
    Socket Socket  Message  Elapsed              Send     Recv     Send    Recv
    Size   Size    Size     Time     Throughput  local    remote   local   remote
    bytes  bytes   bytes    secs.    10^6bits/s  % S      % S      us/KB   us/KB

    131072  16384   1024    1.00       5204.26   75.32    75.32    2.371   2.371

gives ``TCP_STREAM,1024,1.0,5204.26,,75.32,75.32``.

Each line inside a report must be one that netperf prints there, and figures that depend on
each other must agree. Others may write above and below a report (netperf_foreign).

A classic row without a banner is read as a stream in 10^6 bit/s, sent by the local end: nothing
in it says whether -f or TCP_MAERTS was asked for. Its service demands often contradict a wrong
unit.
"""

from __future__ import annotations

import sys

from vcperf.errors import quote
from vcperf.tools.filter import Row, Untrusted, standard_input, write_values
from vcperf.tools.launcher import without_rank_prefix
from vcperf.tools.netperf_reader import KEY_VALUE, Reader

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vcperf.tools.netperf_reader import Report

COLUMNS = (
    "test",
    "message_bytes",
    "elapsed_s",
    "throughput_mbps",
    "transactions_per_s",
    "sender_cpu_percent",
    "receiver_cpu_percent",
)

UDP_SLACK = 0.98
_CHUNK = 2**20  # characters


def key_values(text: str) -> dict[str, str]:
    """The KEY=VALUE lines of an output, as text."""
    matches = (KEY_VALUE.match(line.strip()) for line in text.splitlines())
    return {match[1]: match[2] for match in matches if match}


def number(printed: Mapping[str, str], key: str) -> float:
    """One of `key_values`. Raises Untrusted when it is missing or no number."""
    try:
        return float(printed[key])
    except KeyError:
        raise Untrusted(f"{key} is missing") from None
    except ValueError:
        raise Untrusted(f"{key}={quote(printed[key])} is no number") from None


def udp_sent(text: str, received_mbps: float) -> Row:
    """What a UDP stream sent, from its KEY=VALUE output in 10^6 bit/s.

    Args:
        text: the output.
        received_mbps: the rate that the parser gave, which is that of what arrived.

    Returns `sent_mbps` and `lost_percent`, the share of it that did not arrive; None where the
    output does not say what was sent. Raises Untrusted when less was sent than has arrived.
    """
    printed = key_values(text).get("LOCAL_SEND_THROUGHPUT")
    try:
        sent = float(printed) if printed else None
    except ValueError:
        sent = 0.0
    if sent is None:  # of before this was asked for
        return {"sent_mbps": None, "lost_percent": None}
    # The receiver counts for a moment longer or shorter than the sender.
    if not received_mbps * UDP_SLACK <= sent < float("inf"):
        raise Untrusted(f"LOCAL_SEND_THROUGHPUT={quote(printed)}, but {received_mbps} arrived")
    lost = 100 * (1 - received_mbps / sent)
    return {"sent_mbps": sent, "lost_percent": round(max(0.0, lost), 4)}


def parse(text: str, needed: Sequence[str] = ()) -> list[Row]:
    """Rows of COLUMNS, one per result; what the output does not say is None.

    Args:
        text: the output; a launcher may have written around it.
        needed: columns that no row may lack.

    A rate in other units of data comes back in 10^6 bit/s.

    Raises Untrusted when a line is not one of a sound report, figures contradict each other,
    a result is missing, or a row lacks what is needed.
    """
    rows: list[Row] = []
    found = read(text).rows
    found.reverse()
    while found:  # each takes the other's place: a million need not be there twice
        rows.append(dict(zip(COLUMNS, found.pop(), strict=True)))
    for row in rows if needed else ():
        for column in needed:
            if row[column] is None:
                raise Untrusted(f"{column} is missing")
    return rows


def read(text: str) -> Report:
    """Read an output, with what it warns of. Arguments and errors are those of parse."""
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    reader = Reader()
    try:
        reader.read(_lines(without_rank_prefix(text)))
    except Untrusted as fault:
        raise Untrusted(f"line {reader.number}: {fault}") from None
    return reader.finish()


def _lines(text: str) -> Iterator[str]:
    """The lines of a text, without blanks around them, a part at a time."""
    start = 0
    while start < len(text):
        end = text.find("\n", min(start + _CHUNK, len(text) - 1)) + 1
        for line in text[start:end].split("\n")[:-1]:
            yield line.strip()
        start = end


def filter_main() -> int:
    """Run the parser over standard input, as filter.main does.

    What netperf warns of goes to stderr; the rows stand.
    """
    try:
        report = read(standard_input())
    except Untrusted as fault:
        print(f"rejected: {fault}", file=sys.stderr)
        return 1
    write_values(report.rows, COLUMNS)
    for note in report.notes:
        print(f"note: {note}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(filter_main())
