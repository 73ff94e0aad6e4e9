"""iperf3's blocks in netperf's columns."""

import numpy as np
import pytest
from helpers import claims as described
from helpers.iperf3_blocks import cell, table

from vcperf.analysis import claims, stand_in
from vcperf.config.claims_file import DEFAULTS
from vcperf.kinds import netperf

LINK = {"link": "none", "link_mbps": np.nan}
CPU = {"sender_domain_cpu_percent": 40.0}


def blocks(*cells):
    return table(*cells).assign(**LINK)


def test_what_arrived_is_the_throughput():
    found = stand_in.as_netperf(
        blocks(
            cell([100, 102], **CPU),
            cell([7], streams="4"),
            cell([8], mode="reverse", direction="reverse"),
            cell([9], mode="bidirectional"),
            cell([10], protocol="UDP"),
        )
    )
    assert list(found["throughput_mbps"]) == [100, 102, 7, 10]
    assert list(found["test"]) == ["TCP_STREAM", "TCP_STREAM", "TCP_STREAM", "UDP_STREAM"]
    assert list(found["streams"]) == ["1", "1", "4", "1"] and set(found["load"]) == {"none"}
    assert list(found["sender_domain_cpu_percent"])[:2] == [40, 40]
    empty = set(netperf.METRICS) - {"throughput_mbps", "sender_domain_cpu_percent"}
    assert found[sorted(empty)].isna().all(axis=None)


def test_streams_of_all_modes_are_named_apart():
    ways = [("forward", "forward"), ("reverse", "reverse")]
    ways += [("bidirectional", "forward"), ("bidirectional", "reverse")]
    found = stand_in.all_streams(
        blocks(*(cell([8], mode=mode, direction=direction) for mode, direction in ways))
    )
    assert list(found["test"]) == [
        "TCP_STREAM",
        "TCP_STREAM reverse",
        "TCP_STREAM bidirectional forward",
        "TCP_STREAM bidirectional reverse",
    ]


def test_curves_have_the_columns_of_netperfs_summary():
    made = stand_in.curves({"iperf3": blocks(cell([100, 102, 98], **CPU))}, 2.5)
    (row,) = made["iperf3_curves"].to_dict("records")
    assert row["throughput_mbps_mean"] == 100 and row["sender_domain_cpu_percent_mean"] == 40
    assert row["test"] == "TCP_STREAM" and np.isnan(row["transactions_per_s_mean"])


def test_a_ratio_to_the_baseline_is_of_iperf3_on_both():
    both = blocks(cell([50, 50, 51]), cell([100, 101, 100], testbed="native"))
    (row,) = stand_in.ratios({"iperf3": both}, "native", 2.5)["overhead"].to_dict("records")
    assert row["ratio"] == pytest.approx(0.5, rel=0.02)


def test_claims_about_netperf_are_held_against_iperf3_only_when_it_is_in_its_place():
    rate = {**DEFAULTS, **described.part(where={"path": "vc00->c000", "test": "TCP_STREAM"})}
    other = {**rate, "metric": "transactions_per_s"}
    mine = {"mine": {"states": "a claim", "about": None, "parts": [rate, other]}}
    found = {"iperf3": blocks(cell([100, 101, 100]), cell([40, 41, 40], pinning="config2"))}
    one, two = claims.tables(found, mine, stand_in=True)["claims"].to_dict("records")
    assert one["part_verdict"] == "supported" and one["effect_percent"] < -55
    assert two["part_verdict"] == "open" and "lacks transactions_per_s" in two["missing"]
    first, _ = claims.tables(found, mine)["claims"].to_dict("records")
    assert first["missing"] == "lacks the table netperf"
