"""Two campaigns compared, cell by cell."""

import itertools

import numpy as np
import pytest
from helpers.blocks import by_size, cell, scattered, table
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vcperf.analysis import compare

# With two decimals, as netperf prints: what is equal is so but for rounding.
VALUES = st.integers(100, 1_000_000).map(lambda hundredths: hundredths / 100)
BLOCKS = st.lists(VALUES, min_size=2, max_size=5)


@given(BLOCKS, BLOCKS)
def test_permutations_are_counted_as_by_hand(one, other):
    pooled, observed = [*one, *other], abs(np.mean(one) - np.mean(other))
    extreme = arrangements = 0
    for chosen in itertools.combinations(range(len(pooled)), len(one)):
        rest = [v for i, v in enumerate(pooled) if i not in chosen]
        difference = abs(np.mean([pooled[i] for i in chosen]) - np.mean(rest))
        extreme += difference >= observed - 1e-7 * max(pooled)
        arrangements += 1
    found = compare.permutation_p(one, other)
    assert found == pytest.approx(extreme / arrangements)
    assert found == pytest.approx(compare.permutation_p(other, one))
    assert found >= compare.smallest_p(len(one), len(other)) - 1e-12


def test_random_permutations_agree_with_students_test():
    one, other = scattered(100, 20, 2), scattered(101, 20, 2, seed=5)
    found = compare.permutation_p(one, other)
    assert found == pytest.approx(stats.ttest_ind(one, other).pvalue, abs=0.02)
    assert compare.permutation_p(one, scattered(200, 20, 2)) == 1 / compare.MOST_EXACT


def test_a_change_is_found_among_many_cells():
    means = [100.0] * 20
    changed = [*means[:-1], 90.0]
    rows, only_a, only_b = compare.compare(by_size(means, 8), by_size(changed, 8, seed=50))
    assert (only_a, only_b) == ([], [])
    assert list(rows["verdict"]) == [compare.SAME] * 19 + [compare.CHANGED]
    assert rows["effect_percent"].iloc[-1] == pytest.approx(-10)


def test_a_sure_but_small_effect_is_no_change():
    rows, *_ = compare.compare(by_size([100], 8, 0.1), by_size([103], 8, 0.1, 50))
    assert rows["p"].item() < 0.001 and rows["verdict"].item() == compare.SAME


def test_an_interval_that_holds_0_is_no_change_however_small_p():
    wild = table(cell([99.0, 92.0, 75.0], size=1))  # all below, but anywhere
    rows, *_ = compare.compare(by_size([100], 8, 0.1), wild)
    assert rows["p"].item() < 0.01 and rows["verdict"].item() == compare.FEW


def test_three_blocks_show_no_change_however_large_the_effect():
    rows, *_ = compare.compare(by_size([100] * 3, 3), by_size([50] * 3, 3, seed=50))
    assert set(rows["verdict"]) == {compare.FEW}
    assert rows["p"].min() == pytest.approx(0.1)


def test_blocks_that_suffice_for_one_cell_may_not_for_many():
    one, *_ = compare.compare(by_size([100], 4), by_size([100.5], 4, seed=50))
    many, *_ = compare.compare(by_size([100] * 44, 4), by_size([100.5] * 44, 4, seed=50))
    assert set(one["verdict"]) == {compare.SAME}
    assert set(many["verdict"]) == {compare.FEW}


def test_the_same_campaign_twice_seldom_changes():
    alarms = 0
    chance = np.random.default_rng(1)
    for _ in range(150):
        draw = [
            table(*(cell(chance.normal(100, 8, 6), size=size) for size in range(1, 9)))
            for _ in "ab"
        ]
        alarms += (compare.compare(*draw)[0]["verdict"] == compare.CHANGED).any()
    assert alarms / 150 < 0.09  # 5 %, and room for the chance of 150
