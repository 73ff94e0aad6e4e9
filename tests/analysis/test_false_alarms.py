"""A campaign split at random: what its own rounds say of false alarms."""

import numpy as np
import pytest

from vcperf.analysis.changes import Series
from vcperf.analysis.compare import CELL, Cell
from vcperf.analysis.false_alarms import false_alarms
from vcperf.errors import VcperfError


def campaign(*series):
    return {
        (f"cell{n}", *[""] * (len(CELL) - 1)): Cell(
            "throughput_mbps", Series(np.asarray(values), np.arange(1, len(values) + 1)), 0
        )
        for n, values in enumerate(series)
    }


def test_noise_alone_seldom_alarms():
    chance = np.random.default_rng(1)
    noisy = campaign(*chance.normal(100, 10, (5, 16)))
    found = false_alarms(noisy, 60, 5)
    assert (found.rounds, found.splits, found.cells) == (16, 60, 5)
    assert found.alarms <= 6 and found.interval[0] <= found.alarms / 60 <= found.interval[1]


def test_the_halves_show_a_jump_that_random_splits_hide():
    chance = np.random.default_rng(1)
    jumped = campaign(np.repeat([100.0, 150.0], 20) + chance.normal(0, 0.1, 40))
    steady = campaign(100 + chance.normal(0, 0.1, 40))
    assert false_alarms(jumped, 5, 5).alarms == false_alarms(steady, 5, 5).halves == 0
    # The jump looks like a strong correlation in the whole, but not within its halves.
    assert false_alarms(jumped, 5, 5).halves == 1


def test_the_same_seed_splits_alike():
    noisy = campaign(*np.random.default_rng(1).normal(100, 10, (3, 12)))
    assert false_alarms(noisy, 10, 5, seed=3) == false_alarms(noisy, 10, 5, seed=3)


def test_too_few_rounds_are_refused():
    with pytest.raises(VcperfError, match="7 rounds of blocks; at least 8"):
        false_alarms(campaign(np.ones(7)), 10, 5)
