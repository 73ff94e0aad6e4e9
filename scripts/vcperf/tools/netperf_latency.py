"""netperf: how long single transactions took, from the KEY=VALUE output of a request-response test.

netperf counts transactions in a histogram whose steps grow with the latency, and interpolates in
it, so a percentile is an estimate of a few percent, and of few transactions may lie above the
maximum, which is exact: it is cut there.
"""

from __future__ import annotations

import math

from vcperf.errors import quote
from vcperf.tools.filter import Row, Untrusted
from vcperf.tools.netperf import key_values, number

# What is asked for -> its column. netperf has no percentile beyond the 99th.
KEYS = {
    "P50_LATENCY": "p50_us",
    "P90_LATENCY": "p90_us",
    "P99_LATENCY": "p99_us",
    "MAX_LATENCY": "max_us",
}

MAXIMUM = "MAX_LATENCY"


def parse(text: str) -> Row:
    """The columns of KEYS, in microseconds.

    Args:
        text: the output of a test that was asked for them.

    Raises Untrusted when one is missing or no number, or one is below the one before it, the
    maximum by more than a step of the histogram.
    """
    printed = key_values(text)
    row: Row = {}
    before = 0.0
    for key, column in KEYS.items():
        value = number(printed, key)
        least = before
        if key == MAXIMUM and 0 < value < float("inf"):
            least = min(before, _step_end(value))
        if not least <= value < float("inf"):
            raise Untrusted(f"{key}={quote(printed[key])}, but the one before it is {before:g}")
        row[column] = before = value
    return {column: min(value, before) for column, value in row.items()}


def _step_end(value: float) -> float:
    """The end of the histogram's step that has a value: steps are as wide as its first digit.

    >>> _step_end(44020), _step_end(9)
    (50000.0, 10.0)
    """
    width = 10.0 ** math.floor(math.log10(value))
    return (value // width + 1) * width
