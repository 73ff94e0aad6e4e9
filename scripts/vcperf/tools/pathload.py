"""pathload: command lines of our own one, and a parser for its JSON and pathload 1.3.2's text.

The real tool's receiver ends its report with one of these lines::

    Available bandwidth range : 38.12 - 41.50 (Mbps)
    Available bandwidth is at least 93.10 (Mbps)
    Available bandwidth is at most 2.00 (Mbps)
    Measurement duration : 9.87 sec

of which the first and the last give ``pathload,38.12,41.5,range,9.87,,,``.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import islice

from vcperf.errors import quote
from vcperf.tools.filter import Row, Untrusted, main

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any

COLUMNS = (
    "method",
    "low_mbps",
    "high_mbps",
    "kind",
    "elapsed_s",
    "grey_low_mbps",
    "grey_high_mbps",
    "bucket_bytes",
)
# Which ends of the estimate each kind has.
KINDS = {
    "range": (True, True),
    "lower_bound": (True, False),
    "upper_bound": (False, True),
    "inconclusive": (False, False),
    "within_bucket": (False, False),
}

# TCP, and cannot be chosen; UDP to the receiver is on 55001 (pathload.h of 1.3.2).
REAL_PORT = 55002

_RATE = r"(\d{1,9}\.\d{1,9})"
_RANGE = re.compile(rf"Available bandwidth range\s*: *{_RATE} - {_RATE} \(Mbps\)", re.ASCII)
_BOUND = re.compile(rf"Available bandwidth is at (least|most) +{_RATE} +\(Mbps\)", re.ASCII)
_DURATION = re.compile(rf"Measurement (?:duration :|latency is) *{_RATE} sec", re.ASCII)
# Characters; ten minutes of probing fill some 2 million, and the parser takes up to fifty bytes
# per character.
_LONGEST_DOCUMENT = 4_000_000


def client_argv(
    *, program: str, address: str, port: int, duration_s: float, python: str = "python3"
) -> list[str]:
    """The command line of one estimate, run where the probes leave.

    Args:
        program: the bundle, there.
        address, port: where `server_argv` serves.
        duration_s: when the search ends with what it has, 2 to 600.
    """
    there = ["--address", address, "--port", str(port)]
    return [python, program, "pathload", *there, "--duration-s", f"{duration_s:g}"]


def server_argv(*, program: str, address: str, port: int, python: str = "python3") -> list[str]:
    """The receiver's end in the foreground, for pathload and pathrate alike."""
    return [python, program, "serve", "--address", address, "--port", str(port)]


def real_sender_argv(*, program: str) -> list[str]:
    """The real tool's sending end: a server, on REAL_PORT."""
    return [program]


def real_receiver_argv(*, program: str, address: str) -> list[str]:
    """The real tool's receiving end, which asks the sender at `address` and prints."""
    return [program, "-s", address]


def parse(text: str) -> list[Row]:
    """One row of COLUMNS; what an estimate does not have is None.

    Raises Untrusted for output that is damaged, cut off or holds no estimate.
    """
    row = row_of(text, "pathload", KINDS) if text.lstrip().startswith("{") else _real(text)
    low, high = row["low_mbps"], row["high_mbps"]
    if low is not None and high is not None and low > high:
        raise Untrusted(f"the range {low:g} to {high:g} Mbit/s ends below its beginning")
    _check_grey(row)
    return [{column: row.get(column) for column in COLUMNS}]


def row_of(text: str, method: str, kinds: dict[str, tuple[bool, bool]]) -> dict[str, Any]:
    """The document that our own tools print, its figures checked.

    Args:
        method: pathload or pathrate.
        kinds: which ends an estimate of each kind has, the low and the high one.

    Raises Untrusted when it is not one of this method, lacks a key, or a figure is out of bounds
    or contradicts another.
    """
    row = _document(text)
    if row.get("method") != method:
        raise Untrusted(f"not a record of {method}: 'method' is {_shown(row.get('method'))}")
    for key in ("kind", "low_mbps", "high_mbps", "elapsed_s"):
        if key not in row:
            raise Untrusted(f"no {key!r} in the record of {method}")
    kind = row["kind"]
    if not isinstance(kind, str) or kind not in kinds:
        raise Untrusted(f"unknown kind of estimate {_shown(kind)}")
    for key, due in zip(("low_mbps", "high_mbps"), kinds[kind], strict=True):
        if due or row[key] is not None:
            row[key] = positive(key, row[key])
        if not due and row[key] is not None:
            raise Untrusted(f"{key} in a {kind}")
    row["elapsed_s"] = positive("elapsed_s", row["elapsed_s"])
    if row.get("bucket_bytes") is not None:  # older records do not have the key
        row["bucket_bytes"] = _whole("bucket_bytes", row["bucket_bytes"])
    elif kind == "within_bucket":
        raise Untrusted(f"{kind} without bucket_bytes")
    _check_probing(row)
    return row


def _document(text: str) -> dict[str, Any]:
    """One JSON object, of a size that can be read; no key is there twice."""
    if len(text) > _LONGEST_DOCUMENT:
        raise Untrusted(f"{len(text)} characters, expected {_LONGEST_DOCUMENT} at most")
    try:
        row = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError):  # also of an integer of thousands of digits
        raise Untrusted("not one JSON document; cut off?") from None
    if not isinstance(row, dict):
        raise Untrusted("not a JSON object")
    return row


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Untrusted(f"{quote(key)} is there twice")
        found[key] = value
    return found


def _no_number(name: str) -> None:
    raise Untrusted(f"{name} is not a number of JSON")


def _check_probing(row: dict[str, Any]) -> None:
    """Where a record has them, the bytes sent are the rate of probing times the time."""
    rate, sent = row.get("probing_mbps"), row.get("bytes_sent")
    if rate is None or sent is None:
        return
    elapsed_s = row["elapsed_s"]
    rate, sent = positive("probing_mbps", rate), positive("bytes_sent", sent, 1e15)
    # Rounded to 0.1 kbit/s and to 1 ms.
    if abs(8e-6 * sent - rate * elapsed_s) > 6e-5 * elapsed_s + 6e-4 * rate:
        raise Untrusted(f"{rate:g} Mbit/s in {elapsed_s:g} s contradict {sent:.0f} bytes sent")


def _shown(value: object) -> str:
    """For an error; of lists and objects, which may be nested deeply, the type alone."""
    return f"a {type(value).__name__}" if isinstance(value, list | dict) else quote(value)


def positive(key: str, value: object, limit: float = 1e9) -> float:
    """A figure above 0 and below a limit; raises Untrusted for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < limit:
        raise Untrusted(f"{key} {_shown(value)} is not a number above 0")
    return float(value)


def _whole(key: str, value: object) -> int:
    """A whole number above 0; raises Untrusted for anything else."""
    found = positive(key, value)
    if not isinstance(value, int):
        raise Untrusted(f"{key} {found:g} is not a whole number")
    return value


def _check_grey(row: dict[str, Any]) -> None:
    """The grey region has both ends or none."""
    keys = ("grey_low_mbps", "grey_high_mbps")
    if all(row.get(key) is None for key in keys):
        return
    low, high = (positive(key, row.get(key)) for key in keys)
    if low > high:
        raise Untrusted(f"the grey region {low:g} to {high:g} Mbit/s ends below its beginning")


def only(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """The matches of a pattern in a text, two at most: more are of no use."""
    return list(islice(pattern.finditer(text), 2))


def _real(text: str) -> dict[str, Any]:
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    ranges, bounds = only(_RANGE, text), only(_BOUND, text)
    if len(ranges) + len(bounds) != 1:
        raise Untrusted(f"{'no' if not ranges + bounds else 'several'} estimates, expected one")
    durations = {match[1] for match in only(_DURATION, text)}
    if len(durations) > 1:
        raise Untrusted(f"it took {' and '.join(sorted(durations))} sec, expected one duration")
    row: dict[str, Any] = {"method": "pathload", "low_mbps": None, "high_mbps": None}
    row["elapsed_s"] = float(durations.pop()) if durations else None
    if ranges:
        low, high = ranges[0].groups()
        row |= {"kind": "range", "low_mbps": float(low), "high_mbps": positive("end", float(high))}
        return row
    least = bounds[0][1] == "least"
    row["kind"] = "lower_bound" if least else "upper_bound"
    row["low_mbps" if least else "high_mbps"] = positive("bound", float(bounds[0][2]))
    return row


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
