"""The ranking of pinnings on the page."""

import math

import pandas as pd
from helpers.blocks import cell, scattered, table
from helpers.report_folders import blocks_of, tables_of

from vcperf.analysis import pinnings
from vcperf.report import ranking


def ranked(*cells):
    return ranking.rankings({"pinnings": pinnings.differences(table(*cells), 2.5)})


def pair(one, other, path="a->b", size=1, **columns):
    return (
        cell(scattered(one), "config1", path, size, **columns),
        cell(scattered(other, seed=2), "config2", path, size, **columns),
    )


def test_the_path_of_the_largest_difference_comes_first():
    cells = (*pair(100, 120, "a->b"), *pair(100, 100, "a->c"), *pair(100, 20, "a->d"))
    paths = ranked(*cells)
    names = [path.path for path in paths]
    assert names == [
        "a->d TCP_STREAM (netns)",
        "a->b TCP_STREAM (netns)",
        "a->c TCP_STREAM (netns)",
    ]
    assert paths[2].ranks == () and paths[2].alike == ("config2 against config1: 1 bytes",)
    assert paths[0].ranks[0].direction == "worse" and paths[1].ranks[0].direction == "better"


def test_streams_and_load_are_part_of_a_path_where_they_are_not_as_usual():
    cells = (*pair(100, 20), *pair(100, 50, streams="4", load="TCP_STREAM"))
    names = [path.path for path in ranked(*cells)]
    assert names == [
        "a->b TCP_STREAM (netns)",
        "a->b TCP_STREAM beside TCP_STREAM 4 streams (netns)",
    ]


def test_paths_of_the_baseline_come_last():
    cells = (*pair(100, 400, testbed="native"), *pair(100, 120))
    tables = {
        "pinnings": pinnings.differences(table(*cells), 2.5),
        "overhead": pd.DataFrame({"baseline": ["native"]}),
    }
    assert [path.testbed for path in ranking.rankings(tables)] == ["netns", "native"]


def test_half_and_twice_are_as_far_from_the_middle():
    half, twice = ranked(*pair(100, 50, "a->b"), *pair(100, 200, "a->c"))
    assert math.isclose(50 - half.ranks[0].at, twice.ranks[0].at - 50, abs_tol=0.02)
    assert half.ranks[0].low < half.ranks[0].at < half.ranks[0].high < 50


def test_a_bound_reaches_the_edge():
    shaped = {"link": "shaped", "link_mbps": 210.0}
    one = cell(scattered(100), "config1", meets_link="no", **shaped)
    two = cell(scattered(200, seed=2), "config2", meets_link="yes", **shaped)
    (path,) = ranked(one, two)
    assert path.ranks[0].high == 100 and path.ranks[0].effect == "at least +100 %"


def test_of_many_differences_the_first_are_shown_and_the_others_counted():
    tables = tables_of(blocks_of(["a->b"], range(1, 25), 5))
    (path,) = ranking.rankings(tables)
    assert len(path.ranks) == ranking.MOST and path.more == 12 - ranking.MOST
    assert path.comparisons == 24


def test_no_table_is_no_ranking():
    assert ranking.rankings({}) == []
