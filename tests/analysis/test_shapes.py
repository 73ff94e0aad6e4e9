"""Shapes of curves: peaks, falls and bumps."""

import numpy as np
import pytest
from helpers.blocks import scattered

from vcperf.analysis import shapes


def curve(*means, percent=1.0):
    return {
        2**index: np.array(scattered(mean, 5, percent, seed=index))
        for index, mean in enumerate(means)
    }


def test_a_peak_that_is_reached_later_is_found():
    found = shapes.later(curve(10, 50, 80, 100, 99), curve(50, 95, 100, 99, 100))
    assert (found.percent, found.low, found.high) == (300, 300, 300)
    unsure = shapes.later(curve(50, 90, 100, percent=4), curve(50, 90, 100, percent=4))
    assert unsure.low < 0 < unsure.high


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
