"""The model of serial correlation, against matrices and simulated series."""

import numpy as np
import pytest
from helpers import noise

from vcperf.analysis import serial


@pytest.mark.parametrize("count", [3, 10, 40])
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.5, 0.9])
def test_the_widening_is_that_of_the_correlation_matrix(count, correlation):
    places = np.arange(count)
    matrix = correlation ** np.abs(places[:, None] - places)
    centred = (np.eye(count) - 1 / count) @ matrix
    variance_of_mean, sample_variance = matrix.mean(), np.trace(centred) / (count - 1)
    found = serial.widening(correlation, count)
    assert found.factor == pytest.approx((variance_of_mean * count / sample_variance) ** 0.5)
    freedom = np.trace(centred) ** 2 / np.trace(centred @ centred)
    assert found.freedom == pytest.approx(freedom)


def test_a_correlation_out_of_range_counts_as_its_bound():
    assert serial.widening(-0.4, 10) == serial.widening(0.0, 10) == (1.0, 9.0)
    assert serial.widening(1.5, 10) == serial.widening(serial.HIGHEST, 10)


@pytest.mark.parametrize(
    ("kind", "count", "low", "high"),
    [
        ("independent", 8, -0.03, 0.03),
        ("independent", 20, -0.03, 0.03),
        ("AR(1) 0.5", 20, 0.44, 0.52),
        # The mean of ratios lies below the ratio of means: hence half a standard error more.
        ("AR(1) 0.5", 8, 0.33, 0.5),
    ],
)
def test_the_correlation_of_many_series_is_near_the_true_one(kind, count, low, high):
    series = noise.KINDS[kind](np.random.default_rng(1), 2000, count)
    seen = float(np.mean([serial.resemblance(blocks) for blocks in series]))
    assert low < serial.correlation(seen, count) < high


def test_equal_blocks_and_single_ones_resemble_nothing():
    assert serial.resemblance(np.array([5.0] * 4)) == serial.resemblance(np.array([5.0])) == 0
    assert serial.correlation(0.5, 1) == 0
