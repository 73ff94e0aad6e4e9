"""Ratios with their intervals, and the verdict on an effect."""

import numpy as np
import pytest
from helpers.blocks import scattered
from hypothesis import given
from hypothesis import strategies as st

from vcperf.analysis import effects
from vcperf.analysis.effects import Effect, Sample

BLOCKS = st.lists(st.floats(1, 1e4), min_size=2, max_size=8)


def test_the_interval_of_a_ratio_is_fiellers():
    one, other = np.array(scattered(50, 8, 3)), np.array(scattered(100, 8, 3, seed=2))
    found = effects.ratio(one, other)
    # Fieller (1954), with the degrees of freedom that Welch gives, near 14.
    t = 2.1448
    a, b = one.var(ddof=1) / 8, other.var(ddof=1) / 8
    x, y = one.mean(), other.mean()
    g = t**2 * b / y**2
    middle, half = x / y, t / y * np.sqrt(a * (1 - g) + x**2 / y**2 * b)
    assert found.percent == pytest.approx(-50)
    assert found.low == pytest.approx(100 * ((middle - half) / (1 - g) - 1), abs=0.1)
    assert found.high == pytest.approx(100 * ((middle + half) / (1 - g) - 1), abs=0.1)


@pytest.mark.parametrize(("one", "other", "percent"), [(3, 3, 5), (10, 3, 2), (5, 5, 15)])
def test_the_interval_of_a_ratio_holds_the_truth_as_often_as_it_says(one, other, percent):
    chance = np.random.default_rng(1)
    hits = 0
    for _ in range(1000):
        a, b = chance.normal(80, 0.8 * percent, one), chance.normal(100, percent, other)
        found = effects.ratio(a, b)
        hits += found.low <= -20 <= found.high
    assert hits / 1000 > 0.935


@given(BLOCKS, BLOCKS)
def test_a_ratio_turned_round_is_its_inverse(one, other):
    there, back = effects.ratio(one, other), effects.ratio(other, one)
    assert (1 + there.percent / 100) * (1 + back.percent / 100) == pytest.approx(1)
    assert (1 + there.low / 100) * (1 + back.high / 100) == pytest.approx(1, rel=1e-6)
    assert there.low <= there.percent <= there.high


@given(BLOCKS, BLOCKS, st.floats(0.01, 100))
def test_a_ratio_does_not_depend_on_the_unit(one, other, factor):
    scaled = effects.ratio([v * factor for v in one], [v * factor for v in other])
    assert scaled.percent == pytest.approx(effects.ratio(one, other).percent, abs=1e-6)


@pytest.mark.parametrize("count", [8, 12, 20])
def test_the_interval_of_a_ratio_of_medians_holds_the_truth_where_a_fifth_of_blocks_is_slow(count):
    chance = np.random.default_rng(3)

    def blocks(mean):
        slow = np.where(chance.random(count) < 0.2, 0.6, 1.0)
        return Sample(mean * slow * chance.normal(1, 0.02, count), True)

    # The median of such blocks is that of the fast mode, shifted to its 37.5th percentile in both.
    hits = 0
    for _ in range(500):
        found = effects.ratio(blocks(80), blocks(100))
        hits += found.low <= -20 <= found.high
    assert hits / 500 > 0.94


def test_a_median_of_too_few_blocks_has_no_interval():
    found = effects.ratio(Sample([1.0, 2, 3, 4, 5], True), [1.0, 2, 3])
    assert np.isnan(found.low) and found.percent == pytest.approx(50)


def test_a_contradiction_may_need_a_wider_interval_than_support():
    found, wider = Effect(5, 1, 9), Effect(5, -1, 11)
    assert effects.judge(found, "lower", 0) == "contradicted"
    assert effects.judge(found, "lower", 0, wider) == "open"
    assert effects.judge(found, "higher", 0, wider) == "supported"


def test_what_moves_both_metrics_of_a_block_does_not_blur_their_ratio():
    common = np.array([1, 2, 1, 3, 1.5])
    one, other = 12 * common * [1, 1.01, 0.99, 1, 1], 10 * common
    paired, apart = effects.paired_ratio(one, other), effects.ratio(one, other)
    assert paired.percent == pytest.approx(20, abs=0.5)
    assert paired.high - paired.low < (apart.high - apart.low) / 20


@pytest.mark.parametrize(
    ("effect", "expect", "margin", "verdict"),
    [
        (Effect(-40, -45, -35), "lower", 0, "supported"),
        (Effect(-40, -45, -35), "lower", 30, "supported"),
        (Effect(-40, -45, -35), "lower", 40, "open"),
        (Effect(-40, -45, -35), "lower", 50, "contradicted"),
        (Effect(-5, -11, 1), "lower", 0, "open"),
        (Effect(5, 1, 9), "lower", 0, "contradicted"),
        (Effect(5, 1, 9), "higher", 0, "supported"),
        (Effect(5, -1, 11), "higher", 0, "open"),
        (Effect(5, 1, 9), "higher", 20, "contradicted"),
        (Effect(1, -3, 5), "equal", 10, "supported"),
        (Effect(1, -13, 15), "equal", 10, "open"),  # no difference shown is not equality
        (Effect(8, 4, 12), "equal", 10, "open"),
        (Effect(20, 12, 28), "equal", 10, "contradicted"),
        (Effect(-20, -28, -12), "equal", 10, "contradicted"),
        (Effect(-40, np.nan, np.nan), "lower", 0, "open"),
    ],
)
def test_a_verdict_needs_the_whole_interval_beyond_the_margin(effect, expect, margin, verdict):
    assert effects.judge(effect, expect, margin) == verdict
