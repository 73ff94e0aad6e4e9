"""Pinning against pinning within a campaign."""

import numpy as np
import pytest
from helpers.blocks import by_pinning, cell, scattered, table

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


def test_of_many_comparisons_chance_makes_few_differ():
    chance = np.random.default_rng(1)
    sizes = range(1, 201)
    blocks = table(
        *(cell(list(chance.normal(100, 5, 5)), "a", size=size) for size in sizes),
        *(cell(list(chance.normal(100, 5, 5)), "b", size=size) for size in sizes),
    )
    rows = pinnings.differences(blocks, 2.5)
    sides = (
        [group["throughput_mbps"] for _, group in b.groupby("message_bytes")]
        for _, b in blocks.groupby("pinning")
    )
    naive = [ratio(two, one) for one, two in zip(*sides, strict=True)]
    assert sum(not e.low < 0 < e.high for e in naive) > 3
    assert (rows["verdict"] == "differ").sum() == 0


def test_an_interval_that_is_told_excludes_0():
    """Ten of a hundred differ; their intervals are wider than those of a single comparison."""
    blocks = table(
        *(cell(scattered(100, seed=size), "a", size=size) for size in range(1, 101)),
        *(
            cell(scattered(130 if size <= 10 else 100, seed=size + 500), "b", size=size)
            for size in range(1, 101)
        ),
    )
    rows = pinnings.differences(blocks, 2.5)
    told = rows[rows["verdict"] == "differ"]
    assert list(told["message_bytes"]) and set(told["message_bytes"]) == set(range(1, 11))
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
