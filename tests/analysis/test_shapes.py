"""Shapes of curves: peaks, falls and bumps."""

import numpy as np
import pytest
from helpers.blocks import scattered

from vcperf.analysis import shapes
from vcperf.analysis.effects import Sample


def curve(*means, percent=1.0):
    return {
        2**index: np.array(scattered(mean, 5, percent, seed=index))
        for index, mean in enumerate(means)
    }


def test_a_peak_that_is_reached_later_is_found():
    found = shapes.later(curve(10, 50, 80, 100, 99), curve(50, 95, 100, 99, 100))
    # Between 4 and 8 against between 1 and 2 bytes.
    assert (found.percent, found.low, found.high) == (300, 100, 700)
    unsure = shapes.later(curve(50, 90, 100, percent=4), curve(50, 90, 100, percent=4))
    assert unsure.low < 0 < unsure.high


def test_a_peak_at_the_smallest_size_bounds_the_other_from_one_side():
    first, second = curve(99, 100, 100), curve(10, 50, 100)
    assert shapes.later(second, first).high == np.inf
    assert shapes.later(first, second).low == -100


@pytest.mark.parametrize("step", [3, 16])
def test_the_interval_of_a_knee_holds_the_truth_however_far_apart_the_sizes_are(step):
    """Curves that rise as s / (s + half) reach 0.9 of their height at 9 half."""
    chance = np.random.default_rng(5)
    sizes = step ** np.arange(1, 14 if step == 3 else 6)
    hits = 0
    for _ in range(100):
        halves = 2 ** chance.uniform(4, 12, 2)
        curves = [
            {int(s): 900 * s / (s + half) * chance.normal(1, 0.01, 5) for s in sizes}
            for half in halves
        ]
        found = shapes.later(*curves)
        # Of the curve's own highest mean, which is a little below 900.
        hits += found.low <= 100 * (halves[0] / halves[1] - 1) <= found.high
    assert hits / 100 > 0.93


def test_a_doubtful_cell_of_a_curve_is_represented_by_its_median():
    spoilt = np.array([100, 101, 99, 100, 100, 10])
    rising = {
        1: Sample(np.full(6, 50.0), False),
        2: Sample(spoilt, True),
        3: Sample(np.full(6, 99.0), False),
    }
    assert shapes.swing(rising).percent == pytest.approx(-1, abs=0.1)
    by_mean = {**rising, 2: Sample(spoilt, False)}
    assert shapes.swing(by_mean).percent > 10


def test_a_fall_is_more_than_noise():
    assert shapes.swing(curve(50, 100, 60, 90)).percent == pytest.approx(-40, abs=0.1)
    assert shapes.swing(curve(50, 100, 60, 90)).high < -30
    assert shapes.swing(curve(10, 20, 30)).low > 0
    falls = 0
    chance = np.random.default_rng(1)
    for _ in range(300):
        flat = {2**index: chance.normal(100, 5, 3) for index in range(5)}
        falls += shapes.swing(flat).high < 0
    assert falls / 300 < 0.06


def test_a_bump_is_compared_with_the_line_between_its_neighbours():
    line = {size: np.array([size**0.5 * f for f in (0.99, 1, 1.01)]) for size in (8, 64, 256)}
    assert shapes.excess(line, 64).percent == pytest.approx(0, abs=1e-6)
    bump = {**line, 64: 2 * line[64]}
    found = shapes.excess(bump, 64)
    assert found.percent == pytest.approx(100) and 80 < found.low < 100 < found.high
    assert shapes.excess(line, 8) is None and shapes.excess(line, 32) is None
