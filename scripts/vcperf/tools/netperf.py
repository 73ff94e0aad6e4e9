"""netperf: a parser for its classic and KEY=VALUE output.

Classic output, with CPU utilisation (-c -C); without, the last four columns and the
line's are missing; -P 0 leaves the last line alone, which is then taken to be in
10^6 bit/s and the sender's (no -f, no MAERTS): nothing in it would tell::

    MIGRATED TCP STREAM TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to 127.0.0.1 () port 0 ...
    Recv   Send    Send                          Utilization       Service Demand
    Socket Socket  Message  Elapsed              Send     Recv     Send    Recv
    Size   Size    Size     Time     Throughput  local    remote   local   remote
    bytes  bytes   bytes    secs.    10^6bits/s  % S      % S      us/KB   us/KB

    131072  16384   1024    1.00       5204.26   75.32    75.32    2.371   2.371

gives ``TCP_STREAM,1024,1.0,5204.26,,75.32,75.32``. The format is netperf 2.7.0's.
"""

from __future__ import annotations

import math
import re
import sys

from vcperf.tools.filter import Row, Untrusted, main

COLUMNS = (
    "test",
    "message_bytes",
    "elapsed_s",
    "throughput_mbps",
    "transactions_per_s",
    "sender_cpu_percent",
    "receiver_cpu_percent",
)

BANNERS = {
    "TCP STREAM": "TCP_STREAM",
    "TCP MAERTS": "TCP_MAERTS",
    "TCP SENDFILE": "TCP_SENDFILE",
    "UDP STREAM": "UDP_STREAM",
    "UDP UNIDIRECTIONAL SEND": "UDP_STREAM",
    "TCP REQUEST/RESPONSE": "TCP_RR",
    "TCP Connect/Request/Response": "TCP_CRR",
    "UDP REQUEST/RESPONSE": "UDP_RR",
    "OMNI Send": "OMNI",
}
_BANNER = re.compile(r"(?:MIGRATED )?(.+?) TEST(?: from .*)?$")
_HEADER_WORDS = frozenset(
    "Recv Send Socket Message Elapsed Utilization Service Demand Size Time Throughput local"
    " remote Local /Remote Request Resp. Trans. Rate CPU S.dem Messages Okay Errors Util".split()
)
_UNIT_WORD = re.compile(
    r"(?:[KMG]?[bB]ytes|secs\.?|%|[A-Z]{1,2}|#|per|sec|/s|us/KB|us/Tr"
    r"|(?:10\^\d|[KMG])?[bB](?:its|ytes)/s(?:ec)?)$"
)
# -f M prints `MBytes  /s` in the header with CPU columns.
_RATE_UNIT = re.compile(r"(10\^[369]|[KMG])?(bits|[bB]ytes) */s(?:ec)?\b")
_WARNING = re.compile(  # of a confidence that -I asked for and -i did not allow
    r"!!! (?:WARNING|Desired confidence was not achieved within the specified iterations\."
    r"|This implies that there was variability in the test environment that"
    r"|must be investigated before going further\."
    r"|(?:Confidence intervals: Throughput| +Local CPU util| +Remote CPU util) +: [-\w.]+%)$"
)
_INTERIM = re.compile(
    r"Interim result: +-?\d+\.\d+ (?:Trans|(?:10\^\d|[KMG])?[bB](?:its|ytes))/s"
    r" over \d+\.\d+ seconds ending at \d+\.\d+$"
)
_NOTE = re.compile(r"(?:Starting netserver with host|catcher: timer popped|enable_enobufs)")
_KEY_VALUE = re.compile(r"([A-Z][A-Z0-9_]*(?:\[\d+\])?)=(.*)$")
# netperf prints no exponents; a damaged digit must not become one. Sizes and counts are
# whole, -1 what it does not know; all that it measures has a point, be it 1.00.
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?$", re.ASCII)
_WHOLE = re.compile(r"(?:\d{1,18}|-1)$", re.ASCII)
_MEASURED = re.compile(r"-?\d+\.\d+$", re.ASCII)
_PREFIX = {"": 1.0, "10^3": 1e3, "10^6": 1e6, "10^9": 1e9}
_BINARY = {"": 1.0, "K": 2.0**10, "M": 2.0**20, "G": 2.0**30}


def key_values(text: str) -> dict[str, str]:
    """The KEY=VALUE lines of an output, as text."""
    matches = (_KEY_VALUE.match(line.strip()) for line in text.splitlines())
    return {match[1]: match[2] for match in matches if match}


def parse(text: str) -> list[Row]:
    """Rows of COLUMNS, one a result; what the output does not tell is None.

    Every line must be one that netperf prints around a sound result; a rate in other
    units comes back in 10^6 bit/s.

    Raises Untrusted when any line is not, or when no result is there.
    """
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            reader.feed(line.strip())
        except Untrusted as fault:
            raise Untrusted(f"line {number}: {fault}") from None
    return reader.finish()


class _Reader:
    """Takes an output line by line; what a line may be depends on the lines before."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.test: str | None = None
        self.owing = False  # a banner has come, its result has not
        self.unit: float | None = None  # of a throughput, in 10^6 bit/s; None: no header said
        self.with_cpu: bool | None = None  # None: no header said
        self.line_has_cpu = False  # the last result's first line
        self.keys: dict[str, str] = {}
        self.second_line = ""  # what must follow: '', 'rr' or 'udp'

    def feed(self, line: str) -> None:
        if not line:
            return
        words = line.split()
        pair = _KEY_VALUE.match(line)
        if pair and not self.second_line:
            self._key(pair[1], pair[2])
        elif all(_NUMBER.match(word) for word in words):
            self._data(words)
        elif self.second_line:
            raise Untrusted(f"the second line of a result is missing before {line!r}")
        elif (
            self._banner(line) or _WARNING.match(line) or _INTERIM.match(line) or _NOTE.match(line)
        ):
            pass
        elif all(word in _HEADER_WORDS or _UNIT_WORD.match(word) for word in words):
            self._header(line, words)
        else:
            raise Untrusted(f"not a line of a sound report: {line!r}")

    def finish(self) -> list[Row]:
        self._end_test()
        if self.second_line:
            raise Untrusted("the second line of a result is missing")
        if not self.rows:
            raise Untrusted("no result in it")
        return [_whole(row) for row in self.rows]

    def _banner(self, line: str) -> bool:
        match = _BANNER.match(line)
        if not match or match[1] not in BANNERS:
            return False
        self._end_test()
        self.test, self.owing = BANNERS[match[1]], True
        self.unit, self.with_cpu = None, False
        return True

    def _end_test(self) -> None:
        """A test whose banner stands alone failed, whatever stands around it."""
        self._flush_keys()
        if self.owing:
            raise Untrusted(f"{self.test} began and gave no result")

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        self.owing = False

    def _header(self, line: str, words: list[str]) -> None:
        if "Utilization" in words or "CPU" in words:
            self.with_cpu = True
        unit = _RATE_UNIT.search(line)
        if unit:
            self.unit = _megabits(unit[1] or "", unit[2])

    # -- classic output ---------------------------------------------------------

    def _data(self, words: list[str]) -> None:
        if self.second_line == "rr":
            if len(words) != 2:
                raise Untrusted(f"expected the remote socket's two sizes, not {len(words)} fields")
            _values(words, "ww")
            self.second_line = ""
            return
        if self.second_line == "udp":
            self._udp_received(words)
            return
        kind = self._kind(words)
        values = _values(words, _FIELDS[kind])
        if self.with_cpu is not None and self.with_cpu != (len(values) > len(_FIELDS[kind])):
            raise Untrusted(f"{len(values)} fields, which is not what its header announces")
        row: Row = {"test": self.test}
        if kind == "stream":
            _, _, size, elapsed, rate, *cpu = values
            row["throughput_mbps"] = self._megabits(_positive("throughput", rate))
        elif kind == "udp":
            _, size, elapsed, okay, errors, _, *cpu = values
            _positive("messages", okay + errors)
            self.second_line = "udp"
        elif self.unit is not None:  # -f other than x
            raise Untrusted("a transaction test whose rate is in units of data")
        else:
            _, _, size, response, elapsed, rate, *cpu = values
            _positive("response size", response)
            row["transactions_per_s"] = _positive("transaction rate", rate)
            self.second_line = "rr"
        row["message_bytes"] = int(_positive("message size", size))
        row["elapsed_s"] = _positive("elapsed time", elapsed)
        row["sender_cpu_percent"] = _percent(cpu[0]) if cpu else None
        if kind != "udp":
            row["receiver_cpu_percent"] = _percent(cpu[1]) if cpu else None
        self.line_has_cpu = bool(cpu)
        self._add(row)

    def _megabits(self, rate: float) -> float:
        if self.unit is None and self.test is not None:
            raise Untrusted("no header tells the unit of the throughput")
        return rate * (self.unit or 1.0)

    def _kind(self, words: list[str]) -> str:
        """Which table a data line is of: by its test, or else by its fields."""
        count = len(words)
        if self.test is None:
            # Without a banner: UDP's fourth field counts messages, RR's fifth is a time.
            if count in (5, 9):
                return "stream"
            if count == 10 or (count == 6 and "." in words[4]):
                return "rr"
            if count in (6, 8) and "." in words[2]:
                return "udp"
        else:
            kind = "rr" if self.test.endswith("RR") else self.test.split("_")[0].lower()
            kind = "stream" if kind in ("tcp", "omni") else kind
            if count - len(_FIELDS[kind]) in (0, _CPU_FIELDS[kind]):
                return kind
        raise Untrusted(f"a result cannot have {count} fields: {' '.join(words)!r}")

    def _udp_received(self, words: list[str]) -> None:
        """The receiver's line of UDP_STREAM: what arrived is the throughput."""
        if len(words) not in (4, 6):
            raise Untrusted(f"expected the receiver's 4 or 6 fields, not {len(words)}")
        values = _values(words, "wmwm")
        self.rows[-1]["throughput_mbps"] = self._megabits(_not_negative("throughput", values[3]))
        self.rows[-1]["receiver_cpu_percent"] = _percent(values[4]) if len(values) == 6 else None
        if self.line_has_cpu != (len(values) == 6):
            raise Untrusted("one line of the result has CPU figures, the other has none")
        self.second_line = ""

    # -- KEY=VALUE output -------------------------------------------------------

    def _key(self, key: str, value: str) -> None:
        if key in self.keys:
            self._flush_keys()
        self.keys[key] = value.strip()

    def _flush_keys(self) -> None:
        keys = self.keys
        self.keys = {}
        if not keys:
            return
        # Without a unit key netperf's own default counts, as it does without a header.
        transactions = self.test is not None and self.test.endswith("RR")
        unit = keys.get("THROUGHPUT_UNITS", "Trans/s" if transactions else "10^6bits/s")
        if self.test not in (None, "OMNI") and transactions != (unit == "Trans/s"):
            raise Untrusted(f"{self.test} does not count in {unit}")
        # Of UDP datagrams none may arrive.
        sign = _not_negative if self.test == "UDP_STREAM" else _positive
        rate = sign("THROUGHPUT", _measured(keys, "THROUGHPUT"))
        row: Row = {"test": self.test}
        if unit == "Trans/s":
            row["transactions_per_s"] = rate
            size = "REQUEST_SIZE"
        else:
            match = _RATE_UNIT.fullmatch(unit)
            if not match:
                raise Untrusted(f"unknown unit {unit!r}")
            row["throughput_mbps"] = rate * _megabits(match[1] or "", match[2])
            size = "REMOTE_SEND_SIZE" if self.test == "TCP_MAERTS" else "LOCAL_SEND_SIZE"
        if not _WHOLE.match(keys.get(size, "-1")):
            raise Untrusted(f"{size}={keys[size]!r} is not a whole number")
        bytes_at_once = int(keys.get(size, "-1"))
        row["message_bytes"] = bytes_at_once if bytes_at_once > 0 else None
        row["elapsed_s"] = _positive("ELAPSED_TIME", _measured(keys, "ELAPSED_TIME"))
        for column, key in (
            ("sender_cpu_percent", "LOCAL_CPU_UTIL"),
            ("receiver_cpu_percent", "REMOTE_CPU_UTIL"),
        ):
            row[column] = _percent(_measured(keys, key)) if key in keys else None
        self._add(row)


# A line's fields, whole or measured; those of CPU, all measured, may follow.
_FIELDS = {"stream": "wwwmm", "udp": "wwmwwm", "rr": "wwwwmm"}
_CPU_FIELDS = {"stream": 4, "udp": 2, "rr": 4}


def _values(words: list[str], fields: str) -> list[float]:
    for word, kind in zip(words, fields.ljust(len(words), "m"), strict=True):
        if not (_WHOLE if kind == "w" else _MEASURED).match(word):
            expected = "a whole number" if kind == "w" else "a number with a point"
            raise Untrusted(f"{word} in place of {expected}: {' '.join(words)!r}")
    return [float(word) for word in words]


def _whole(row: Row) -> Row:
    """A row with every column; the sender's CPU where it belongs: netperf prints the
    local end's first, and in a MAERTS test that end receives."""
    row = {column: row.get(column) for column in COLUMNS}
    if row["throughput_mbps"] is not None:
        row["throughput_mbps"] = round(row["throughput_mbps"], 6)  # of a conversion's dust
    if row["test"] == "TCP_MAERTS":
        ends = row["sender_cpu_percent"], row["receiver_cpu_percent"]
        row["receiver_cpu_percent"], row["sender_cpu_percent"] = ends
    return row


def _megabits(prefix: str, unit: str) -> float:
    bits = 1.0 if unit == "bits" else 8.0
    scale = _PREFIX[prefix] if prefix in _PREFIX else _BINARY[prefix]
    return bits * scale / 1e6


def _measured(keys: dict[str, str], key: str) -> float:
    if key not in keys:
        raise Untrusted(f"{key} is missing")
    if not _MEASURED.match(keys[key]):
        raise Untrusted(f"{key}={keys[key]!r} is not a number with a point")
    return float(keys[key])


def _positive(name: str, value: float) -> float:
    if not math.isfinite(value) or value <= 0:
        raise Untrusted(f"{name} {value:g} is not above 0")
    return value


def _not_negative(name: str, value: float) -> float:
    if not math.isfinite(value) or value < 0:
        raise Untrusted(f"{name} {value:g} is below 0")
    return value


def _percent(value: float) -> float | None:
    """A CPU utilisation; netperf prints -1.00 for one that was not asked for."""
    if value == -1:
        return None
    if not 0 <= value <= 100.5:  # rounding can carry it a little over
        raise Untrusted(f"CPU utilisation {value:g} % is not between 0 and 100")
    return value


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
