"""Effect and p of one cell, and what all cells of a campaign say of its correlation."""

import itertools

import numpy as np
import pytest
from helpers import noise
from helpers.blocks import scattered
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vcperf.analysis import changes
from vcperf.analysis.changes import Series

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
    found = changes.permutation_p(one, other)
    assert found == pytest.approx(extreme / arrangements)
    assert found == pytest.approx(changes.permutation_p(other, one))


def test_random_permutations_agree_with_students_test():
    one, other = scattered(100, 20, 2), scattered(101, 20, 2, seed=5)
    found = changes.permutation_p(one, other)
    assert found == pytest.approx(stats.ttest_ind(one, other).pvalue, abs=0.02)
    assert changes.permutation_p(one, scattered(200, 20, 2)) == 1 / changes.MOST_EXACT


def series(values):
    return Series(np.asarray(values, dtype=float), np.arange(1, len(values) + 1))


def many(kind, cells, count, seed=1, alike=False):
    drawn = noise.KINDS[kind](np.random.default_rng(seed), 1 if alike else cells, count)
    return [series(100 + row) for row in np.repeat(drawn, cells if alike else 1, axis=0)]


def test_without_a_correlation_p_and_interval_are_welchs():
    one, other = scattered(100, 12, 2), scattered(103, 9, 3, seed=5)
    effect, p = changes.change(series(one), series(other), 0.0)
    welch = stats.ttest_ind(np.array(other) / 103, np.array(one) / 103, equal_var=False)
    # On logarithms by the delta method: near to Welch's for a few percent of noise.
    assert p == pytest.approx(welch.pvalue, abs=0.02)
    assert effect.percent == pytest.approx(3) and effect.low < 3 < effect.high


def test_a_correlation_widens_the_interval():
    pair = series(scattered(100, 12)), series(scattered(103, 12, seed=5))
    widths = []
    for correlation in (0.0, 0.3, 0.6):
        effect, _ = changes.change(*pair, correlation)
        widths.append(effect.high - effect.low)
    assert widths[0] < widths[1] < widths[2]


def test_series_that_move_alike_count_as_one():
    assert changes.independent_series(many("independent", 30, 10, alike=True)) == pytest.approx(1)
    assert changes.independent_series(many("independent", 30, 10)) > 10
    # One that falls where the other rises moves with it.
    one = many("independent", 1, 10)[0]
    mirrored = [one, series(200 - one.values)]
    assert changes.independent_series(mirrored) == pytest.approx(1)


def test_all_cells_together_show_the_correlation_that_one_hides():
    for kind, low, high in (("independent", 0, 0.3), ("AR(1) 0.5", 0.4, 0.8)):
        pairs = list(zip(many(kind, 80, 8), many(kind, 80, 8, seed=2), strict=True))
        found = changes.assumed_correlations(pairs)
        assert low <= min(found) and np.median(found) < high


def test_cells_that_move_alike_show_no_more_than_one_does():
    sides = (many("independent", 80, 8, seed=seed, alike=True) for seed in (1, 2))
    alike = list(zip(*sides, strict=True))
    one, all_of_them = (changes.assumed_correlations(p) for p in (alike[:1], alike))
    assert all_of_them[0] == pytest.approx(one[0], abs=0.01)


def test_one_cell_that_is_more_correlated_than_the_others_has_its_own():
    pairs = list(zip(many("independent", 40, 20), many("independent", 40, 20, seed=2), strict=True))
    drifting = series(np.linspace(90, 110, 20))
    found = changes.assumed_correlations([*pairs, (drifting, drifting)])
    assert found[-1] > 0.8 and np.median(found[:-1]) < 0.3


def test_missing_blocks_and_unequal_campaigns_are_no_fault():
    short = Series(np.array([100.0, 101.0]), np.array([2, 7]))
    pairs = [(many("independent", 1, 8)[0], short), (short, short)]
    assert len(changes.assumed_correlations(pairs)) == 2
    assert changes.assumed_correlations([]) == []
    effect, p = changes.change(short, Series(np.array([5.0]), np.array([1])), 0.2)
    assert np.isnan(effect.low) and np.isnan(p)


def test_blocks_that_are_all_equal_differ_surely_or_not_at_all():
    same = series([5.0] * 6)
    assert changes.change(same, same, 0.2)[1] == 1
    assert changes.change(same, series([6.0] * 6), 0.2)[1] == changes.permutation_p(
        [5] * 6, [6] * 6
    )
