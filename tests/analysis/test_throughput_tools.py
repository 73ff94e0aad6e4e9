"""iperf3 against netperf on the same cells."""

import pandas as pd
import pytest
from helpers import blocks, iperf3_blocks

from vcperf.analysis import throughput_tools


def tools(iperf3, netperf):
    found = {"iperf3": iperf3_blocks.table(*iperf3), "netperf": blocks.table(*netperf)}
    return throughput_tools.tables(found, 2.5)["tools"]


def cells(size=4096, path="vc00->c000", ours=110.0, theirs=100.0, **changes):
    """The same cell by both tools: (iperf3's, netperf's)."""
    place = {"path": path}
    return (
        iperf3_blocks.cell(blocks.scattered(ours), message_bytes=size, **place, **changes),
        blocks.cell(blocks.scattered(theirs, seed=2), size=size, **place),
    )


def test_the_ratio_is_of_what_arrives_by_each():
    one, other = cells()
    (row,) = tools([one], [other]).to_dict("records")
    assert row["ratio"] == pytest.approx(1.1, rel=0.01)
    assert 1.05 < row["ratio_low"] < row["ratio"] < row["ratio_high"] < 1.15
    assert row["iperf3_mbps"] == pytest.approx(110, rel=0.01)
    assert row["netperf_mbps"] == pytest.approx(100, rel=0.01)
    assert row["test"] == "TCP_STREAM" and row["message_bytes"] == 4096
    assert row["doubtful"] == 0 and row["why"] == ""


def test_only_cells_that_both_have_are_compared():
    one, other = cells()
    alone, _ = cells(size=1024)
    many, _ = cells(streams="4")
    back, _ = cells(mode="reverse", direction="reverse")
    found = tools([one, alone, many, back], [other])
    assert len(found) == 1
    none = tools([alone], [other])
    assert not len(none) and list(none.columns) == throughput_tools.COLUMNS


def test_a_doubt_about_either_is_one_about_the_ratio():
    one, other = cells(status="disturbed")
    (row,) = tools([one], [other]).to_dict("records")
    assert row["netperf_blocks"] == row["blocks"]
    assert row["doubtful"] == len(one) and "disturbed" in row["why"]


def test_a_link_that_one_of_them_meets_is_said():
    one, other = cells(ours=930.0, theirs=500.0)
    linked = [pd.DataFrame(part).assign(link="shaped", link_mbps=1000.0) for part in (one, other)]
    found = {"iperf3": linked[0], "netperf": linked[1]}
    (row,) = throughput_tools.tables(found, 2.5)["tools"].to_dict("records")
    assert row["meets_link"] == "yes"


def test_as_many_streams_are_compared_with_as_many():
    one, other = cells()
    fours = iperf3_blocks.cell(blocks.scattered(90.0), message_bytes=4096, streams="4")
    theirs = blocks.cell(blocks.scattered(300.0), size=4096, path="vc00->c000", streams="4")
    found = tools([one, fours], [other, theirs]).set_index("streams")["ratio"]
    assert found.to_dict() == pytest.approx({"1": 1.1, "4": 0.3}, rel=0.02)
    assert list(tools([fours], [other])["streams"]) == []
