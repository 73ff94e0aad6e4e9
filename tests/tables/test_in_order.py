"""Rows are sorted outside of memory as pandas sorts them inside."""

import random

import pandas as pd
import pytest

from vcperf.errors import VcperfError
from vcperf.tables.in_order import in_order

ORDER = ["path", "message_bytes"]


def rows(count):
    chance = random.Random(1)
    names = ["a", "B", "é", "", None, "c\0d", "𝄞"]
    return [
        {
            "path": chance.choice(names),
            "message_bytes": chance.choice([None, 1, 10, 9, 2.5]),
            "number": number,
            "list": [number, None],
        }
        for number in range(count)
    ]


def test_the_order_is_that_of_pandas():
    given = rows(500)
    wanted = pd.DataFrame(given).sort_values(ORDER, na_position="first", kind="stable")
    parts = list(in_order(iter(given), ORDER, 90))
    assert [len(part) for part in parts] == [90] * 5 + [50]
    found = [row for part in parts for row in part]
    assert [row["number"] for row in found] == list(wanted["number"])
    assert sorted(found, key=lambda row: row["number"]) == given


def test_no_rows_are_no_parts():
    assert list(in_order([], ORDER, 5)) == []


def test_a_fault_of_the_rows_stays_what_it_is():
    def faulty():
        yield from rows(1)
        raise VcperfError("record 2: not whole")

    with pytest.raises(VcperfError, match="record 2: not whole"):
        list(in_order(faulty(), ORDER, 5))
