"""The summary of iperf3: a row per cell, direction and metric that the cell has."""

import pytest
from helpers.iperf3_blocks import cell, table

from vcperf.analysis import iperf3


def summary(*cells):
    return iperf3.tables({"iperf3": table(*cells)}, 2.5)["iperf3_summary"]


def test_a_metric_that_a_cell_lacks_has_no_row():
    found = summary(cell([10.0, 12.0]), cell([5.0, 5.0], protocol="UDP", lost_percent=50.0))
    counts = found.groupby("protocol")["metric"].agg(list).to_dict()
    assert counts == {
        "TCP": ["sent_mbps", "received_mbps"],
        "UDP": ["sent_mbps", "received_mbps", "lost_percent"],
    }
    received = found[(found["protocol"] == "TCP") & (found["metric"] == "received_mbps")].iloc[0]
    assert received["mean"] == pytest.approx(11)
    assert received["ci_low"] < 10 and received["ci_high"] > 12


def test_the_directions_of_a_bidirectional_run_are_two_cells():
    both = [
        cell([10.0], mode="bidirectional", direction=direction)
        for direction in ("forward", "reverse")
    ]
    assert len(summary(*both)) == 4


def test_a_disturbed_block_makes_its_cell_unstable():
    found = summary(cell([10.0], status="disturbed"))
    assert set(found["label"]) == {"unstable"} and set(found["doubtful"]) == {1}
