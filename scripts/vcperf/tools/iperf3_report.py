"""The JSON that iperf3 prints with ``-J``, and what must agree in it (vcperf.tools.iperf3)."""

from __future__ import annotations

import json

from vcperf.errors import quote
from vcperf.tools.filter import Row, Untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

COLUMNS = (
    "protocol",
    "direction",
    "streams",
    "message_bytes",
    "elapsed_s",
    "sent_mbps",
    "received_mbps",
    "retransmits",
    "jitter_ms",
    "lost_percent",
    "sender_cpu_percent",
    "receiver_cpu_percent",
)
# congestion_window_bytes: the largest of any stream. trend_percent: how much the rate at the
# reporting end changed from the start to the end of the run, by a straight line through its
# intervals, in percent of the mean. threads: how many threads move the data of a direction at each
# end; empty for an unknown version.
EXTRA = ("congestion_window_bytes", "trend_percent", "threads")

FORWARD, REVERSE, BIDIRECTIONAL = "forward", "reverse", "bidirectional"
PROTOCOLS = ("TCP", "UDP")
THREADED = (3, 16)  # the first version with a thread per stream
_SECOND_SUM = "_bidir_reverse"
_RATE = 1e-4  # relative rounding of a rate, whose seconds have six decimals
_LATE = 0.01  # of all bytes, what may arrive between two counts of the same
_FEWEST = 4  # intervals that show a trend


def _document(text: str) -> Json:
    """The JSON object of a report."""
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as fault:
        if not text.strip():
            raise Untrusted("iperf3 printed nothing") from None
        where = f"line {fault.lineno}: " if isinstance(fault, json.JSONDecodeError) else ""
        raise Untrusted(f"{where}not JSON, as iperf3 -J prints it") from None
    if not isinstance(found, dict):
        raise Untrusted("no report of iperf3: expected a JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found: Json = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise Untrusted(f"{quote(key)} has two values")
    return found


def _no_number(name: str) -> None:
    raise Untrusted(f"{name} is not a number of iperf3")


def _part(holder: Json, key: str, kind: type = dict) -> Any:
    found = holder.get(key)
    if not isinstance(found, kind):
        raise Untrusted(f"{quote(key)} is missing: the report is not whole")
    return found


def _number(holder: Json, key: str) -> float:
    found = holder.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < 1e18:
        raise Untrusted(f"{key}: expected a number, not {quote(found)}")
    return float(found)


def _whole(holder: Json, key: str) -> int:
    found = _number(holder, key)
    if found != int(found):
        raise Untrusted(f"{key}: expected a whole number, not {found}")
    return int(found)


def _near(one: float, other: float, relative: float, absolute: float = 0.0) -> bool:
    return abs(one - other) <= absolute + relative * max(abs(one), abs(other))


class Report:
    """One report; its methods raise Untrusted.

    Args:
        text: the JSON.

    Attributes:
        directions: those that it has, each with the end of the names of its sums.
    """

    def __init__(self, text: str) -> None:
        document = _document(text)
        _refuse_error(document)
        self.start, self.end = _part(document, "start"), _part(document, "end")
        self.intervals = _part(document, "intervals", list)
        self.test = _part(self.start, "test_start")
        self.client = "connecting_to" in self.start
        if not self.client and "accepted_connection" not in self.start:
            raise Untrusted("neither a client's report nor a server's")
        self.server = document.get("server_output_json")
        if isinstance(self.server, dict):
            _refuse_error(self.server)
        else:
            self.server = None
        self.protocol = self.test.get("protocol")
        if self.protocol not in PROTOCOLS:
            raise Untrusted(f"protocol {quote(self.protocol)}: expected TCP or UDP")
        self.streams = _whole(self.test, "num_streams")
        self.message_bytes = _whole(self.test, "blksize")
        if not 1 <= self.streams <= 128 or not 1 <= self.message_bytes <= 2**30:
            raise Untrusted(f"{self.streams} streams of {self.message_bytes} bytes")
        both = any(key.endswith(_SECOND_SUM) for key in self.end) or self.test.get("bidir") == 1
        if both:
            self.directions = [(FORWARD, ""), (REVERSE, _SECOND_SUM)]
        else:
            self.directions = [(REVERSE if self.test.get("reverse") else FORWARD, "")]
        found = _part(self.end, "streams", list)
        if len(found) != self.streams * len(self.directions):
            raise Untrusted(f"{len(found)} results of {self.streams} streams per direction")

    def row(self, direction: str, suffix: str) -> Row:
        """The row of one direction, whose sums have names that end so."""
        sends = self.client == (direction == FORWARD)  # whether this end does
        row: Row = dict.fromkeys((*COLUMNS, *EXTRA))
        row |= {"protocol": self.protocol, "direction": direction, "streams": self.streams}
        row |= {"message_bytes": self.message_bytes}
        sent = received = None
        if "sum_sent" in self.end or self.protocol == "TCP":
            if self.client or sends:
                sent = self._sum(f"sum_sent{suffix}")
            if self.client or not sends:
                received = self._sum(f"sum_received{suffix}")
        if self.protocol == "UDP":
            row |= self._datagrams(f"sum{suffix}", sent, received, known=not sends or self.client)
        else:
            row |= self._tcp(sends, sent)
        for name, total in (("sent_mbps", sent), ("received_mbps", received)):
            if total is not None:
                row[name] = _number(total, "bits_per_second") / 1e6
        row["elapsed_s"] = row["elapsed_s"] or _number(sent or received or {}, "seconds")
        if row["received_mbps"] == 0:
            raise Untrusted("nothing was received")
        if not row["elapsed_s"] or row["sent_mbps"] == 0:
            raise Untrusted("nothing was sent")
        self._check_streams(sends, sent, received)
        self._check_server(direction, suffix, sent, received)
        row |= self._cpu(direction)
        row["trend_percent"] = self._trend(suffix, sent if sends else received)
        row["threads"] = self._threads()
        return row

    def _sum(self, name: str) -> Json:
        """A sum over the streams, whose rate, bytes and seconds agree."""
        found: Json = _part(self.end, name)
        bits, seconds = 8 * _whole(found, "bytes"), _number(found, "seconds")
        if not _near(bits, _number(found, "bits_per_second") * seconds, _RATE):
            raise Untrusted(f"{name}: bytes, seconds and bits_per_second contradict each other")
        return found

    def _tcp(self, sends: bool, sent: Json | None) -> Row:
        row: Row = {"retransmits": None, "congestion_window_bytes": None}
        if sent is None:
            return row
        ends = [end for end in self._ends(sends, "sender") if "retransmits" in end]
        if "retransmits" in sent and sent["retransmits"] != -1:  # -1: the system does not count
            row["retransmits"] = _whole(sent, "retransmits")
            counted = sum(_whole(end, "retransmits") for end in ends)
            if ends and counted != row["retransmits"]:
                raise Untrusted(f"{counted} retransmits of streams, {row['retransmits']} in all")
        row["congestion_window_bytes"] = self._window(sends)
        return row

    def _window(self, sends: bool) -> int | None:
        """The largest congestion window. Each end knows its own: that which a client prints for
        the server's streams is of its own idle side."""
        streams = self.end["streams"] if sends else []
        if not sends and self.server:
            streams = _part(_part(self.server, "end"), "streams", list)
        ends = [_part(stream, "sender") for stream in streams if isinstance(stream, dict)]
        own = [end for end in ends if end.get("sender", True) is True and "max_snd_cwnd" in end]
        return max((_whole(end, "max_snd_cwnd") for end in own), default=None)

    def _datagrams(self, name: str, sent: Json | None, received: Json | None, known: bool) -> Row:
        """What the sum of both ends says of UDP.

        Args:
            name: of that sum.
            sent, received: the sums of either end, None for an unknown one.
            known: whether this end has the receiver's counts.
        """
        total = _part(self.end, name)
        packets, lost = _number(total, "packets"), _number(total, "lost_packets")
        percent = _number(total, "lost_percent")
        if packets and not _near(percent, 100 * lost / packets, 1e-6, 1e-6):
            raise Untrusted(f"{name}: {lost:g} of {packets:g} lost is not {percent} %")
        row: Row = {}
        if not known:
            return row
        row["jitter_ms"] = _number(total, "jitter_ms")
        row["lost_percent"] = percent
        if received is None:  # before 3.12
            seconds = _number(total, "seconds")
            bits = (packets - lost) * self.message_bytes * 8
            if not seconds or bits < 0:
                raise Untrusted(f"{name}: {lost:g} of {packets:g} lost in {seconds:g} s")
            row |= {"received_mbps": bits / seconds / 1e6, "elapsed_s": seconds}
            if self.client:
                row["sent_mbps"] = packets * self.message_bytes * 8 / seconds / 1e6
        elif sent is not None and sent["bytes"]:
            arrived = received["bytes"] / sent["bytes"]
            row["lost_percent"] = round(max(0.0, 100 * (1 - arrived)), 6)
        return row

    def _ends(self, sends: bool, name: str) -> list[Json]:
        """One end of each stream of a direction: `sender`, `receiver` or `udp`."""
        ends = [_part(stream, name) for stream in self.end["streams"] if isinstance(stream, dict)]
        ends = [end for end in ends if end.get("sender", sends) is sends]  # 3.1 has no such flag
        if len(ends) != self.streams:
            raise Untrusted(f"{len(ends)} of {self.streams} streams in one direction")
        return ends

    def _check_streams(self, sends: bool, sent: Json | None, received: Json | None) -> None:
        """Hold the sums against the streams."""
        names = {"sender": sent, "receiver": received} if self.protocol == "TCP" else {"udp": sent}
        for name, total in names.items():
            if total is not None:
                streams = sum(_whole(end, "bytes") for end in self._ends(sends, name))
                if streams != total["bytes"]:
                    raise Untrusted(f"{streams} bytes of streams, but {total['bytes']} in all")

    def _check_server(
        self, direction: str, suffix: str, sent: Json | None, received: Json | None
    ) -> None:
        """Hold what the server sent at the end against its own report, where that is here."""
        if not self.server:
            return
        name, here = ("sent", sent) if direction == REVERSE else ("received", received)
        there = _part(self.server, "end").get(f"sum_{name}{suffix}")
        if here is None or not isinstance(there, dict):
            return
        if not _near(_whole(there, "bytes"), here["bytes"], _LATE):
            raise Untrusted(f"client and server disagree on the bytes {name} ({direction})")

    def _cpu(self, direction: str) -> Row:
        used = _part(self.end, "cpu_utilization_percent")
        here, there = (_total(used, side) for side in ("host", "remote"))
        by_end = {"client": here, "server": there} if self.client else {"server": here}
        ends = ("client", "server") if direction == FORWARD else ("server", "client")
        names = ("sender_cpu_percent", "receiver_cpu_percent")
        return {name: by_end.get(end) for name, end in zip(names, ends, strict=True)}

    def _trend(self, suffix: str, whole: Json | None) -> float | None:
        """See EXTRA. Also holds the intervals against the whole of this end."""
        found = [_part(one, f"sum{suffix}") for one in self.intervals if isinstance(one, dict)]
        found = [one for one in found if not one.get("omitted")]
        total = sum(_whole(one, "bytes") for one in found)
        if whole is not None and not _near(total, whole["bytes"], _LATE):
            raise Untrusted(f"intervals of {total} bytes, but {whole['bytes']} in all")
        longest = max((_number(one, "seconds") for one in found), default=0.0)
        # The last one may be a moment long.
        found = [one for one in found if _number(one, "seconds") > longest / 2]
        if len(found) < _FEWEST:
            return None
        times = [(_number(one, "start") + _number(one, "end")) / 2 for one in found]
        rates = [_number(one, "bits_per_second") for one in found]
        return _change_percent(times, rates, found[-1]["end"] - found[0]["start"])

    def _threads(self) -> int | None:
        starts = [self.start, *([_part(self.server, "start")] if self.server else [])]
        versions = [_version(start.get("version")) for start in starts]
        if None in versions:
            return None
        return self.streams if min(filter(None, versions)) >= THREADED else 1


def _refuse_error(document: Json) -> None:
    if "error" in document:
        raise Untrusted(f"iperf3 failed: {quote(document['error'])}")


def _total(used: Json, side: str) -> float:
    """CPU time of one end, which is that in user and system mode."""
    total, *parts = (_number(used, f"{side}_{part}") for part in ("total", "user", "system"))
    if not _near(total, sum(parts), 0.01, 0.1):
        raise Untrusted(f"{side}_total {total:g} is not the sum of its user and system time")
    return total


def _change_percent(times: list[float], rates: list[float], over: float) -> float | None:
    """The change of a least-squares line over so many seconds, in percent of the mean rate."""
    at, mean = sum(times) / len(times), sum(rates) / len(rates)
    spread = sum((time - at) ** 2 for time in times)
    if not spread or not mean:
        return None
    slope = sum((t - at) * (r - mean) for t, r in zip(times, rates, strict=True)) / spread
    return round(100 * slope * over / mean, 3)


def _version(text: object) -> tuple[int, ...] | None:
    """``iperf 3.12`` or ``iperf 3.17.1+`` as numbers; None when it is no version."""
    words = str(text).removeprefix("iperf ").split(".")
    if len(words) < 2 or not all(word.rstrip("+").isdecimal() for word in words[:2]):
        return None
    return tuple(int(word.rstrip("+")) for word in words[:2])
