"""The summary of iperf3: a row per cell, direction and metric that the cell has."""

import pandas as pd
import pytest
from helpers.iperf3_blocks import cell, table

from vcperf.analysis import iperf3

NO_PLAN = pd.DataFrame(columns=["kind", "stopping", *iperf3.LABELS, "message_bytes"])


def summary(*cells, plan=NO_PLAN):
    return iperf3.tables({"iperf3": table(*cells), "plan": plan}, 2.5)["iperf3_summary"]


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


def test_a_cell_that_the_stopping_rule_settled_has_the_interval_of_a_fixed_number_of_blocks():
    """Where a look at the results decided how many blocks there are, what is narrow by chance
    would stop early: so the interval of the received rate, which is looked at, is wider."""
    values = [100 + 0.5 * (number % 3) for number in range(12)]
    row = {"kind": "iperf3", "stopping": "sequential", "testbed": "netns", "pinning": "config1"}
    row |= {"path": "vc00->c000", "protocol": "TCP", "mode": "forward", "streams": 1}
    plan = pd.DataFrame([{**row, "message_bytes": 16384}])
    looked, fixed = (summary(cell(values), plan=p).set_index("metric") for p in (plan, NO_PLAN))
    assert list(fixed["label"]) == ["converged", "converged"]
    width = {name: looked["ci_high"][name] / fixed["ci_high"][name] for name in fixed.index}
    assert width["received_mbps"] > 1 and width["sent_mbps"] == 1
