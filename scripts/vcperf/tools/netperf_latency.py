"""netperf: how long single transactions took, from the KEY=VALUE output of a request-response test.

netperf counts transactions in a histogram whose steps grow with the latency, and interpolates in
it, so a percentile is an estimate of a few percent; the maximum is exact.
"""

from __future__ import annotations

from vcperf.errors import quote
from vcperf.tools.filter import Row, Untrusted
from vcperf.tools.netperf import key_values

# What is asked for -> its column. netperf has no percentile beyond the 99th.
KEYS = {
    "P50_LATENCY": "p50_us",
    "P90_LATENCY": "p90_us",
    "P99_LATENCY": "p99_us",
    "MAX_LATENCY": "max_us",
}


def parse(text: str) -> Row:
    """The columns of KEYS, in microseconds.

    Args:
        text: the output of a test that was asked for them.

    Raises Untrusted when one is missing or no number, or one is below the one before it.
    """
    printed = key_values(text)
    row: Row = {}
    before = 0.0
    for key, column in KEYS.items():
        try:
            value = float(printed[key])
        except KeyError:
            raise Untrusted(f"{key} is missing") from None
        except ValueError:
            raise Untrusted(f"{key}={quote(printed[key])} is no number") from None
        if not before <= value < float("inf"):
            raise Untrusted(f"{key}={quote(printed[key])}, but the one before it is {before:g}")
        row[column] = before = value
    return row
