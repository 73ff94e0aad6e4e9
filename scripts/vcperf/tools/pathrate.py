"""pathrate: command lines of our own one, and a parser for its JSON and pathrate 2.4.1's text.

The real tool's receiver ends its report so::

    Final capacity estimate : 97 Mbps to 98 Mbps

which gives ``pathrate,97.0,98.0,capacity,,``; it does not print how long it took. After
`The following estimate is a lower bound for the path capacity.` only the low end counts.
"""

from __future__ import annotations

import re
import sys

from vcperf.tools.filter import Row, Untrusted, main
from vcperf.tools.pathload import only, positive, row_of, server_argv

__all__ = ["client_argv", "server_argv"]  # one server for both methods

COLUMNS = ("method", "low_mbps", "high_mbps", "kind", "elapsed_s", "bucket_bytes")
KINDS = {"capacity": (True, True), "lower_bound": (True, False), "within_bucket": (False, False)}

# TCP, and cannot be chosen; UDP to the receiver is on 48698 (pathrate.h of 2.4.1).
REAL_PORT = 48699

_UNITS = {"kbps": 1e-3, "Mbps": 1.0, "Gbps": 1e3}
_RATE = r"(\d{1,9}(?:\.\d{1,9})?) *(kbps|Mbps|Gbps)"
_FINAL = re.compile(rf"Final capacity estimate\s*: *{_RATE} +to +{_RATE}", re.ASCII)
_LOWER = "lower bound for the path capacity"


def client_argv(
    *, program: str, address: str, port: int, duration_s: float, python: str = "python3"
) -> list[str]:
    """The command line of one estimate, run where the probes leave.

    Args:
        program: the bundle, there.
        address, port: where `vcperf.tools.pathload.server_argv` serves.
        duration_s: when it ends with what it has, 2 to 600.
    """
    there = ["--address", address, "--port", str(port)]
    return [python, program, "pathrate", *there, "--duration-s", f"{duration_s:g}"]


def real_sender_argv(*, program: str) -> list[str]:
    """The real tool's sending end: a server, on REAL_PORT."""
    return [program]


def real_receiver_argv(*, program: str, address: str) -> list[str]:
    """The real tool's receiving end, which asks the sender at `address` and prints; -Q is
    its quick estimate."""
    return [program, "-Q", "-s", address]


def parse(text: str) -> list[Row]:
    """One row of COLUMNS: the capacity, give or take half the resolution, or a bound.

    Raises Untrusted for output that is damaged, cut off or holds no estimate.
    """
    row = _own(text) if text.lstrip().startswith("{") else _real(text)
    if row["high_mbps"] is not None and row["low_mbps"] > row["high_mbps"]:
        raise Untrusted("the capacity's upper end is below its lower one")
    return [{column: row.get(column) for column in COLUMNS}]


def _own(text: str) -> Row:
    row = row_of(text, "pathrate", KINDS)
    if row.get("mbps") is not None:
        middle = positive("mbps", row["mbps"])
        low, high = row["low_mbps"], row["high_mbps"]
        # A bound has no upper end, and its low one is the estimate, less half the resolution.
        if low > middle + 0.001 or (high is not None and abs(low + high - 2 * middle) > 0.0031):
            raise Untrusted(f"{low:g} to {high} Mbit/s contradict the estimate {middle:g}")
    return row


def _real(text: str) -> Row:
    if text and not text.endswith("\n"):
        raise Untrusted("the output is cut off: its last line has no end")
    found = only(_FINAL, text)
    if len(found) != 1:
        raise Untrusted(f"{'no' if not found else 'several'} estimates, expected one")
    low, low_unit, high, high_unit = found[0].groups()
    bound = _LOWER in text
    return {
        "method": "pathrate",
        "low_mbps": positive("low end", float(low) * _UNITS[low_unit]),
        "high_mbps": None if bound else positive("high end", float(high) * _UNITS[high_unit]),
        "kind": "lower_bound" if bound else "capacity",
    }


if __name__ == "__main__":
    sys.exit(main(parse, COLUMNS))
