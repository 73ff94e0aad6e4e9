"""Which cells are doubtful, and what represents them."""

import numpy as np
import pandas as pd
import pytest
from helpers.blocks import cell, scattered, table

from vcperf.analysis import doubts, summary

FINE = scattered(100, 10)
TWO = [100, 100.2, 99.9, 100.1, 200, 200.2, 199.8, 200.1, 100, 200]


@pytest.mark.parametrize(
    ("values", "columns", "why"),
    [
        (FINE, {}, ""),
        (TWO, {}, "two modes"),
        (FINE, {"status": "disturbed"}, "disturbed"),
        (TWO, {"status": "overran"}, "disturbed"),
        (TWO, {"kernel": "6.2", "status": "disturbed"}, "several kernels"),
        (FINE, {"host": "b", "kernel": "6.2"}, "several hosts"),
        (FINE, {"tools": "netperf 2 bytes"}, "several tools"),
    ],
)
def test_the_first_reason_to_doubt_a_cell_is_given(values, columns, why):
    blocks = table(cell(values)).assign(host="a", kernel="6.1", tools="netperf 1 bytes")
    for column, value in columns.items():
        blocks.loc[3, column] = value
    assert doubts.why(blocks, values, 2.5) == why
    (row,) = summary.summarise(blocks, 2.5).to_dict("records")
    assert (row["label"] == "unstable", row["why"]) == (bool(why), why)


def test_a_summary_lists_what_measured_a_cell():
    blocks = table(cell(FINE)).assign(host="a", kernel="6.1", tools="x")
    blocks.loc[4, ["host", "tools"]] = "b", "y"
    (row,) = summary.summarise(blocks, 2.5).to_dict("records")
    assert (row["hosts"], row["kernels"], row["tools"]) == ("a; b", "6.1", "x; y")


def test_a_value_that_a_record_lacks_is_no_other_value():
    blocks = table(cell(FINE)).assign(tools="x")
    blocks.loc[4, "tools"] = None
    assert doubts.why(blocks, FINE, 2.5) == ""


def test_a_doubtful_cell_of_six_blocks_is_represented_by_its_median():
    for count, by_median in ((5, False), (6, True)):
        sample = doubts.sample(np.arange(float(count)), "disturbed")
        assert sample.by_median == by_median
    assert not doubts.sample(np.arange(6.0), "").by_median
    assert not doubts.sample(np.array([1, 2, 3, 4, 5, np.nan]), "trend").by_median


def test_blocks_are_marked_by_the_cell_that_they_belong_to():
    blocks = table(cell(TWO, size=1), cell(FINE, size=2))
    marked = doubts.mark(blocks, ["message_bytes"], lambda labels: "throughput_mbps", 2.5)
    assert list(marked) == 10 * ["two modes"] + 10 * [""]
    assert set(doubts.mark(blocks, ["message_bytes"], None, 2.5)) == {""}


def test_blocks_are_in_the_order_in_which_they_were_measured():
    blocks = pd.DataFrame({"block": [1, 2, 3], "started": ["c", "a", "b"]})
    assert list(doubts.in_order(blocks)["block"]) == [2, 3, 1]
    assert list(doubts.in_order(blocks[["block"]])["block"]) == [1, 2, 3]
