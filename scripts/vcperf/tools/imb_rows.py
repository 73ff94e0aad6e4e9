"""The rows of IMB-MPI1's tables: what a row holds, and what of it must agree.

Tables and figures: IMB_output.c and IMB_parse_name_mpi1.c of 2021. The rate printed is bytes / t
for PingPong (t is half a round trip) and PingPing, 2 bytes / t_max for Sendrecv, 4 bytes / t_max
for Exchange: what one process sends and receives. Uniband and Biband print messages per second
instead of a time. Up to IMB 2017 a megabyte is 2^20 bytes, from IMB 2018 on it is 10^6.
"""

from __future__ import annotations

import re

from vcperf.errors import quote
from vcperf.tools.filter import Row, Untrusted

COLUMNS = (
    "benchmark",
    "processes",
    "message_bytes",
    "repetitions",
    "latency_us",
    "t_min_us",
    "t_max_us",
    "bandwidth_mbytes_per_s",
)
_TIMES = "t_min[usec] t_max[usec] t_avg[usec]"
# The line above a table -> the names of its columns.
HEADERS = {
    "#bytes #repetitions t[usec] Mbytes/sec": "bytes repetitions latency printed",
    f"#bytes #repetitions {_TIMES} Mbytes/sec": "bytes repetitions t_min t_max latency printed",
    f"#bytes #repetitions {_TIMES}": "bytes repetitions t_min t_max latency",
    f"#repetitions {_TIMES}": "repetitions t_min t_max latency",
    "#bytes #repetitions Mbytes/sec Msg/sec": "bytes repetitions printed messages",
}
_INTEGER = r"(?a)\d{1,15}"
_DECIMAL = r"(?a)\d{1,15}\.\d{2}"
_FORM = {"bytes": _INTEGER, "repetitions": _INTEGER, "messages": _INTEGER}
_MESSAGES = {"PingPong": 1, "PingPing": 1, "Sendrecv": 2, "Exchange": 4}
_BETWEEN_TWO = ("PingPong", "PingPing")
_ROUNDING = 0.005001  # of two decimals
_ROW_LIKE = 3  # numbers, one of them with two decimals: the shortest table has as many

MEBIBYTE = 2**20 / 1e6
_OLD = r"MPI Benchmark Suite V[123]\."
_NEW = r"MPI Benchmarks 20(?:1[89]|[2-9]\d)\b"


def units(title: str) -> set[float]:
    """What a megabyte of the version in a title may be, in 10^6 bytes.

    >>> units("# Intel(R) MPI Benchmarks 2021.11, MPI-1 part")
    {1.0}
    """
    if re.search(_OLD, title):
        return {MEBIBYTE}
    return {1.0} if re.search(_NEW, title) else {1.0, MEBIBYTE}


def resembles_row(line: str) -> bool:
    """Whether a line outside of a report may have been a row of it."""
    if "." not in line:
        return False
    words = line.split()
    decimals = sum(re.fullmatch(_DECIMAL, word) is not None for word in words)
    integers = sum(re.fullmatch(_INTEGER, word) is not None for word in words)
    return decimals > 0 and decimals + integers >= _ROW_LIKE


def values_of(words: list[str], layout: list[str]) -> dict[str, float] | None:
    """The figures of a row by column; None for a line that is no row of that layout."""
    patterns = [_FORM.get(column, _DECIMAL) for column in layout]
    if len(words) != len(patterns) or not all(map(re.fullmatch, patterns, words)):
        return None
    return dict(zip(layout, map(float, words), strict=True))


def runs_once(benchmark: str) -> bool:
    """Whether a benchmark runs on two processes and no other number."""
    return _family(benchmark) in _BETWEEN_TWO


def check_processes(benchmark: str, processes: int) -> None:
    """Raises Untrusted for a number of processes on which a benchmark cannot run."""
    if runs_once(benchmark) and processes != 2:
        raise Untrusted(f"{benchmark} on {processes} processes: expected 2")


def checked(benchmark: str, processes: int, values: dict[str, float], units: set[float]) -> Row:
    """A row with every column, once its figures agree with each other.

    Args:
        values: from `values_of`.
        units: what a megabyte may be, in 10^6 bytes; those that the row rules out are removed,
            as one output has one unit.

    Raises Untrusted when they do not agree.
    """
    if values["repetitions"] < 1:
        raise Untrusted("a row of no repetition")
    least, most = values.get("t_min"), values.get("t_max")
    if least is not None and most is not None:
        mean = values["latency"]
        if not least - 2 * _ROUNDING <= mean <= most + 2 * _ROUNDING:
            raise Untrusted(f"t_avg {mean} is not between t_min {least} and t_max {most}")
    row: Row = dict.fromkeys(COLUMNS)
    row.update(benchmark=benchmark, processes=processes, repetitions=int(values["repetitions"]))
    row.update(latency_us=values.get("latency"), t_min_us=least, t_max_us=most)
    if "bytes" in values:
        row["message_bytes"] = int(values["bytes"])
    if "printed" in values:
        row["bandwidth_mbytes_per_s"] = _bandwidth(benchmark, values, units)
    return row


def in_decimal(rows: list[Row], units: set[float]) -> list[Row]:
    """All rows of an output, with rates that had to be taken as printed in 10^6 bytes/s.

    Args:
        units: what a megabyte may be after all rows have been read.
    """
    if 1.0 not in units:
        for row in rows:
            if row["latency_us"] is None:
                row["bandwidth_mbytes_per_s"] = round(row["bandwidth_mbytes_per_s"] * MEBIBYTE, 6)
    return rows


def _family(benchmark: str) -> str:
    return re.sub(r"(?:Any|Specific)Source$", "", benchmark)


def _bandwidth(benchmark: str, values: dict[str, float], units: set[float]) -> float | None:
    """10^6 bytes/s, computed from bytes and time; without a time it is the rate as printed."""
    if "messages" in values:
        rate, slack = values["messages"], 0.5
        lowest, highest = (values["bytes"] * (rate + end) / 1e6 for end in (-slack, slack))
        _narrow(units, values["printed"], lowest, highest, f"{rate:.0f} Msg/sec")
        return values["printed"]
    time_us = values.get("t_max", values["latency"])
    family = _family(benchmark)
    if family not in _MESSAGES:
        raise Untrusted(f"{quote(benchmark)} is not known to print a bandwidth")
    volume = _MESSAGES[family] * values["bytes"]
    # Bytes per microsecond are 10^6 bytes/s.
    highest = volume / (time_us - _ROUNDING) if time_us > _ROUNDING else float("inf")
    _narrow(units, values["printed"], volume / (time_us + _ROUNDING), highest, f"{time_us} us")
    return round(volume / time_us, 6) if time_us else None


def _narrow(units: set[float], printed: float, lowest: float, highest: float, of: str) -> None:
    """Leave the units in which a rate lies between two others, in 10^6 bytes/s."""
    fit = {u for u in units if lowest / u - _ROUNDING <= printed <= highest / u + _ROUNDING}
    if not fit:
        raise Untrusted(f"{printed} Mbytes/sec contradict {of}")
    units &= fit
