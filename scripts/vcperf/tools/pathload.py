"""pathload: command lines of our own one, and a parser for its JSON and pathload 1.3.2's text.

The real tool's receiver ends its report with one of these lines::

    Available bandwidth range : 38.12 - 41.50 (Mbps)
    Available bandwidth is at least 93.10 (Mbps)
    Available bandwidth is at most 2.00 (Mbps)
    Measurement duration : 9.87 sec

of which the first and the last give ``pathload,38.12,41.5,range,9.87,,``.
"""

from __future__ import annotations

import json
import re
import sys

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
)
# Which ends of the estimate each kind has.
KINDS = {
    "range": (True, True),
    "lower_bound": (True, False),
    "upper_bound": (False, True),
    "inconclusive": (False, False),
}

# TCP, and cannot be chosen; UDP to the receiver is on 55001 (pathload.h of 1.3.2).
REAL_PORT = 55002

_RANGE = re.compile(r"Available bandwidth range\s*: *(\d+\.\d+) - (\d+\.\d+) \(Mbps\)", re.ASCII)
_BOUND = re.compile(r"Available bandwidth is at (least|most) +(\d+\.\d+) +\(Mbps\)", re.ASCII)
_DURATION = re.compile(r"Measurement (?:duration :|latency is) *(\d+\.\d+) sec", re.ASCII)


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
    return [{column: row.get(column) for column in COLUMNS}]


def row_of(text: str, method: str, kinds: dict[str, tuple[bool, bool]]) -> dict[str, Any]:
    """The document that our own tools print, its figures checked.

    Raises Untrusted when it is not one of this method, or a figure is out of bounds.
    """
    try:
        row = json.loads(text)
    except ValueError:
        raise Untrusted("not one JSON document; cut off?") from None
    if not isinstance(row, dict) or row.get("method") != method:
        raise Untrusted(f"not a record of {method}")
    kind = row.get("kind")
    if kind not in kinds:
        raise Untrusted(f"unknown kind of estimate {kind!r}")
    for key, due in zip(("low_mbps", "high_mbps"), kinds[kind], strict=True):
        value = row.get(key)
        if due or value is not None:
            row[key] = positive(key, value)
        if not due and value is not None:
            raise Untrusted(f"{key} in a {kind}")
    row["elapsed_s"] = positive("elapsed_s", row.get("elapsed_s"))
    return row


def positive(key: str, value: object) -> float:
    """A figure above 0; raises Untrusted for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e9:
        raise Untrusted(f"{key} {value!r} is not a number above 0")
    return float(value)


def _real(text: str) -> dict[str, Any]:
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    ranges, bounds = _RANGE.findall(text), _BOUND.findall(text)
    if len(ranges) + len(bounds) != 1:
        raise Untrusted(f"{len(ranges) + len(bounds)} estimates in it, expected one")
    durations = _DURATION.findall(text)
    row: dict[str, Any] = {"method": "pathload", "low_mbps": None, "high_mbps": None}
    row["elapsed_s"] = float(durations[0]) if len(durations) == 1 else None
    if ranges:
        low, high = ranges[0]
        row |= {"kind": "range", "low_mbps": float(low), "high_mbps": positive("end", float(high))}
        return row
    least = bounds[0][0] == "least"
    row["kind"] = "lower_bound" if least else "upper_bound"
    row["low_mbps" if least else "high_mbps"] = positive("bound", float(bounds[0][1]))
    return row


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
