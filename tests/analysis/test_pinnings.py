"""Pinning against pinning within a campaign."""

import numpy as np
import pytest
from helpers import iperf3_blocks
from helpers.blocks import by_pinning, cell, scattered, table
from validation import validate_pinnings

from vcperf.analysis import pinnings
from vcperf.analysis.effects import ratio


def test_of_each_path_the_largest_difference_comes_first():
    fast = {100: 300, 1000: 120}
    blocks = table(
        *(cell(scattered(100, seed=size), "a", "x->y", size) for size in fast),
        *(cell(scattered(mean, seed=size + 1), "b", "x->y", size) for size, mean in fast.items()),
        cell(scattered(50), "a", "x->z"),
        cell(scattered(100), "b", "x->z"),
    )
    rows = pinnings.differences(blocks, 2.5)
    assert list(rows["path"]) == ["x->y", "x->y", "x->z"]
    assert list(rows["message_bytes"]) == [100, 1000, 1024]
    assert list(rows["rank"]) == [1, 2, 1]
    assert list(rows["effect_percent"].round()) == [200, 20, 100]
    assert set(rows["verdict"]) == {"differ"} and set(rows["direction"]) == {"better"}


def test_half_and_twice_are_as_large():
    blocks = by_pinning({"a": scattered(100), "b": scattered(49), "c": scattered(200)})
    rows = pinnings.differences(blocks, 2.5)
    ranked = [(row["first"], row["second"]) for row in rows.to_dict("records")]
    assert ranked[0] == ("b", "c") and ranked[2] == ("a", "b") and ranked[4] == ("a", "c")
    assert rows["direction"].iloc[2] == "worse"


def test_what_scatters_more_than_it_differs_is_not_distinguishable():
    blocks = by_pinning({"a": scattered(100, percent=20), "b": scattered(110, percent=20, seed=2)})
    rows = pinnings.differences(blocks, 2.5)
    assert set(rows["verdict"]) == {"not distinguishable"}
    assert rows["rank"].isna().all() and set(rows["direction"]) == {""}
    assert (rows["low_percent"] < 0).all() and (rows["high_percent"] > 0).all()


def test_an_interval_that_is_told_excludes_0():
    """Four of forty differ; their intervals are wider than those of a single comparison."""
    blocks = table(
        *(cell(scattered(100, seed=size), "a", size=size) for size in range(1, 41)),
        *(
            cell(scattered(130 if size <= 4 else 100, seed=size + 500), "b", size=size)
            for size in range(1, 41)
        ),
    )
    rows = pinnings.differences(blocks, 2.5)
    told = rows[rows["verdict"] == "differ"]
    assert list(told["message_bytes"]) and set(told["message_bytes"]) == set(range(1, 5))
    assert (told["low_percent"] > 0).all()
    first = told[told["message_bytes"] == 1].iloc[0]
    single = ratio(scattered(130, seed=501), scattered(100, seed=1))
    assert first["low_percent"] < single.low and first["high_percent"] > single.high


@pytest.mark.parametrize(
    ("met", "bound", "verdict"),
    [
        (("no", "no"), "", "differ"),
        (("no", "yes"), "at least", "differ"),
        (("yes", "no"), "at most", "not distinguishable"),
        (("yes", "yes"), "", "both meet the link"),
    ],
)
def test_a_cell_that_meets_the_link_makes_a_bound(met, bound, verdict):
    blocks = table(
        cell(scattered(100), "a", meets_link=met[0], link="shaped", link_mbps=200.0),
        cell(scattered(200), "b", meets_link=met[1], link="shaped", link_mbps=200.0),
    )
    (row,) = pinnings.differences(blocks, 2.5).to_dict("records")
    assert (row["bound"], row["verdict"]) == (bound, verdict)


def test_a_latency_that_is_higher_is_worse():
    rows = [
        {
            **{"testbed": "netns", "pinning": pinning, "path": "x->y", "stack": "mpich"},
            **{"program": "pingpong", "load": "ep", "message_bytes": 8, "block": block},
            **{"status": "ok", "platform": "here", "shared_cpus": "no", "latency_us": value},
        }
        for pinning, mean in (("a", 100), ("b", 150))
        for block, value in enumerate(scattered(mean), start=1)
    ]
    (row,) = pinnings.differences(table(rows), 2.5).to_dict("records")
    assert (row["direction"], row["unit"], row["test"]) == ("worse", "us", "")


def test_a_doubtful_cell_keeps_its_reason_and_counts_by_its_median():
    blocks = table(
        cell([100.0] * 5 + [900.0], "a", status="disturbed"), cell(scattered(100, 6), "b")
    )
    (row,) = pinnings.differences(blocks, 2.5).to_dict("records")
    assert (row["why"], row["doubtful"], row["first_value"]) == ("disturbed", 6, 100)


def test_one_block_makes_no_interval():
    blocks = table(cell([100.0], "a"), cell([200.0], "b"))
    (row,) = pinnings.differences(blocks, 2.5).to_dict("records")
    assert row["verdict"] == "not distinguishable" and np.isnan(row["low_percent"])


def test_pinnings_without_a_path_in_common_make_an_empty_table():
    blocks = table(cell([100.0], "a", "x->y"), cell([200.0], "b", "x->z"))
    assert list(pinnings.differences(blocks, 2.5).columns) == pinnings.COLUMNS


@pytest.mark.parametrize("kind", ["independent", "AR(1) 0.5"])
def test_few_differences_are_called_wrongly_also_where_blocks_resemble_each_other(kind):
    """`validate_pinnings.py` gives the rates in full."""
    nothing = validate_pinnings.rates(kind, 5, 0, 30)
    assert nothing.false <= 13 and nothing.naive > 80
    some = validate_pinnings.rates(kind, 5, 30, 20)
    assert some.false <= 5 and some.misses <= 7 and some.found > 40


def test_the_simulation_prints_its_table(capsys):
    validate_pinnings.main(1)
    assert capsys.readouterr().out.count("\n") == 2 + 18


def test_a_campaign_of_iperf3_alone_compares_its_streams():
    both = {"mode": "bidirectional", "link": "none", "link_mbps": np.nan}
    made = iperf3_blocks.table(
        *(
            iperf3_blocks.cell(scattered(mean, seed=seed), pinning=pinning, direction=way, **both)
            for seed, (pinning, way, mean) in enumerate(
                [
                    ("a", "forward", 100),
                    ("b", "forward", 200),
                    ("a", "reverse", 100),
                    ("b", "reverse", 100),
                ]
            )
        )
    )
    rows = pinnings.tables({"iperf3": made}, 2.5)["pinnings"].set_index("test")
    told = rows["verdict"].to_dict()
    assert told == {
        "TCP_STREAM bidirectional forward": "differ",
        "TCP_STREAM bidirectional reverse": "not distinguishable",
    }
    assert rows["effect_percent"]["TCP_STREAM bidirectional forward"] == pytest.approx(100, abs=5)
    beside = pinnings.tables({"iperf3": made, "netperf": by_pinning({"a": scattered(1)})}, 2.5)
    assert beside["pinnings"].empty, "with netperf, that alone is compared"
