"""Statistics of made-up blocks: labels, means, medians, order."""

import numpy as np
import pytest
from helpers.blocks import by_pinning, cell, started, table

from vcperf.analysis import summary


@pytest.mark.parametrize(
    ("values", "status", "label"),
    [
        ([100, 100.1, 99.9] * 4, "ok", "converged"),
        ([100, 100.1, 99.9], "ok", "capped"),
        ([100, 120, 80], "ok", "capped"),
        ([100], "ok", "capped"),
        ([100, 100.1, 99.9], "disturbed", "unstable"),
    ],
)
def test_a_cell_has_its_label_and_no_block_is_dropped(values, status, label):
    cells = summary.summarise(by_pinning({"p1": values}, status=status), 2.5)
    assert list(cells["label"]) == [label, label]
    assert list(cells["blocks"]) == [len(values)] * 2
    assert list(cells["doubtful"]) == [0 if status == "ok" else len(values)] * 2
    assert cells["mean"].iloc[0] == pytest.approx(np.mean(values))  # none is dropped


def test_a_drift_makes_a_cell_unstable_whatever_the_order_of_the_rows():
    drift = by_pinning({"p1": [100, 104, 108, 112, 116, 120, 124]})
    mixed = drift.sort_values("block", key=lambda block: block * 3 % 7)
    for blocks in (drift, mixed):
        cells = summary.summarise(blocks, 2.5)
        assert set(cells["label"]) == {"unstable"} and set(cells["why"]) == {"trend"}
        assert (cells["median"] == 112).all() and (cells["median_low"] == 100).all()


def test_a_block_that_was_measured_late_stands_where_it_was_measured():
    drift = by_pinning({"p1": [100, 104, 108, 112, 116, 120, 124]})
    late = drift.assign(block=[4, 7, 2, 6, 1, 5, 3] * 2)
    cells = summary.summarise(late, 2.5)
    assert set(cells["why"]) == {"trend"}
    by_number = late.assign(started=late["block"].map(started))
    assert set(summary.summarise(by_number, 2.5)["why"]) == {""}


def test_request_response_tests_are_summarised_by_their_rate():
    blocks = by_pinning(
        {"p1": [1, 2]}, test="UDP_RR", throughput_mbps=np.nan, transactions_per_s=50.0
    )
    cells = summary.summarise(blocks, 2.5)
    assert set(cells["metric"]) == {"transactions_per_s"} and (cells["mean"] == 50).all()


def test_a_cell_that_the_rule_stopped_has_an_interval_of_the_targets_width():
    steady = [100, 100.1, 99.9] * 4
    blocks = by_pinning({"p1": steady, "p2": steady})
    looked = frozenset({("netns", "p1", "a->b", "TCP_STREAM", "1", "none", 100)})
    rows = summary.summarise(blocks, 2.5, looked).set_index(["pinning", "message_bytes"])
    assert tuple(rows.loc[("p1", 100), ["ci_low", "ci_high"]]) == pytest.approx((97.5, 102.5))
    assert rows.loc[("p1", 100), "throughput_mbps_ci_low"] == pytest.approx(97.5)
    for other in (("p1", 1000), ("p2", 100)):
        assert rows.loc[other, "ci_low"] > 99


def test_the_interval_of_blocks_with_a_memory_is_the_wider_one():
    runs = [100, 102, 104, 104, 102, 100, 98, 96, 96, 98, 100, 101]
    order = [5, 10, 0, 7, 3, 9, 1, 11, 4, 8, 2, 6]
    ends = []
    for values in (runs, [runs[place] for place in order]):
        row = summary.summarise(by_pinning({"p1": values}), 2.5).iloc[0]
        assert row["mean"] == pytest.approx(np.mean(runs))
        ends.append(row["ci_high"] - row["ci_low"])
    assert ends[0] > 2 * ends[1]


@pytest.mark.parametrize(
    ("count", "assumes"), [(5, "independence assumed"), (8, "no rare mode assumed"), (14, "")]
)
def test_what_so_few_blocks_cannot_show_is_in_the_table(count, assumes):
    cells = summary.summarise(
        by_pinning({"p1": [100, 101] * (count // 2) + [100] * (count % 2)}), 2.5
    )
    assert set(cells["assumes"]) == {assumes}


def test_streams_and_loads_are_cells_of_their_own():
    cells = [cell([v], streams=n, load=load) for v, n, load in ((1, "1", "none"), (4, "4", "none"))]
    rows = summary.summarise(table(*cells, cell([2.0], load="TCP_STREAM")), 2.5)
    found = rows.set_index(["streams", "load"])["mean"].to_dict()
    assert found == {("1", "none"): 1, ("4", "none"): 4, ("1", "TCP_STREAM"): 2}
