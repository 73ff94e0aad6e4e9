"""The ping-pong under load, and compared with IMB."""

import pandas as pd
import pytest
from helpers.blocks import started

from vcperf.analysis import latency


def ep_rows(alone, beside):
    row = {"testbed": "netns", "pinning": "p", "stack": "s", "program": "x", "class": "S"}
    row["processes"] = 2
    row |= {"status": "ok", "platform": "here"}
    return [
        {**row, "block": block, "phase": phase, "mops": speed}
        for phase, speeds in (("alone", alone), ("pingpong", beside))
        for block, speed in enumerate(speeds, start=1)
    ]


def test_ep_is_compared_with_itself_block_by_block():
    """Blocks at different speeds, each half as fast beside: exactly half."""
    (row,) = latency.slowdown(pd.DataFrame(ep_rows([100, 50, 80], [50, 25, 40]))).to_dict("records")
    assert row["kept_percent"] == row["kept_ci_low"] == row["kept_ci_high"] == 50
    assert row["alone_mops"] == pytest.approx(230 / 3)


def test_a_campaign_without_load_has_an_empty_table_of_ep():
    none = latency.slowdown(pd.DataFrame(ep_rows([], []), columns=list(ep_rows([1], [1])[0])))
    some = latency.slowdown(pd.DataFrame(ep_rows([100], [50])))
    assert none.empty and list(none.columns) == list(some.columns)


def latencies(program, values, **changes):
    cell = {"testbed": "netns", "pinning": "p", "path": "a->b", "stack": "mpich", "load": "none"}
    cell |= {"message_bytes": 64, "status": "ok", "platform": "here", "shared_cpus": "no"}
    return [
        {**cell, "program": program, "latency_us": value, **changes}
        | {"block": block, "started": started(block)}
        for block, value in enumerate(values, start=1)
    ]


def test_our_ping_pong_is_compared_with_imb_where_both_are():
    blocks = latencies("pingpong", [11.0, 12.0, 13.0]) + latencies("IMB-MPI1", [9.0, 10.0, 11.0])
    alone = latencies("pingpong", [1.0, 2.0], stack="openmpi")
    (row,) = latency.programs(pd.DataFrame(blocks + alone)).to_dict("records")
    assert row["ratio"] == pytest.approx(1.2) and row["ratio_low"] < 1.2 < row["ratio_high"]
    assert (row["stack"], row["blocks"], row["imb_blocks"]) == ("mpich", 3, 3)
    assert (row["pingpong_us"], row["imb_us"]) == (12, 10)
    none = latency.programs(pd.DataFrame(alone))
    assert none.empty and list(none.columns) == list(row)
