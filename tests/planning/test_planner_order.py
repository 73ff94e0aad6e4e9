"""A host that drifts during a campaign must not look like a difference between pinnings."""

import numpy as np
from helpers.config import DEFAULT

from vcperf.analysis import intervals
from vcperf.config import campaign_file, files
from vcperf.planning import planner
from vcperf.preparation.hosts import host_of

DRIFT_PERCENT = 20  # over the whole campaign
NOISE_PERCENT = 0.2
BLOCKS = 10
ONLY = {"bandwidth": None, "pingpong": None, "profile": None}


def differences(blocks, drift=DRIFT_PERCENT):
    """Between all cells of two pinnings that differ in the pinning alone, in percent, on a
    host where pinning costs nothing: the mean and the largest.

    Args:
        blocks: (cell, place in the order of measuring) of each block.
    """
    chance = np.random.default_rng(1)
    last = max(place for _, place in blocks)
    values = {}
    for cell, place in sorted(blocks, key=lambda block: block[1]):
        level = 100 - drift * place / last + NOISE_PERCENT * chance.normal()
        name = tuple(cell.labels[c] for c in ("pinning", "path", "message_bytes"))
        values.setdefault(name, []).append(level)
    found = []
    for (pinning, path, size), measured in values.items():
        other = values.get(("config2", path, size))
        if pinning == "config1" and other:
            found.append(100 * (np.mean(other) / np.mean(measured) - 1))
    assert len(found) > 10
    return abs(np.mean(found)), np.abs(found).max(), values


def planned(seed):
    merged = files.merge(DEFAULT, {"seed": seed, "blocks": BLOCKS, **ONLY})
    return planner.plan(campaign_file.checked(merged), host_of("netns", (0, 1))).blocks


def test_a_drift_does_not_become_a_difference():
    for seed in range(10):
        mean, largest, _ = differences([(b.cell, b.order) for b in planned(seed)])
        assert mean < 0.5 and largest < 2, seed


def test_in_the_order_of_the_configuration_a_drift_would_become_a_difference():
    mean, _, _ = differences([(b.cell, i) for i, b in enumerate(planned(2009))])
    assert mean > 5


def test_a_drift_is_seen_as_a_trend():
    _, _, cells = differences([(b.cell, b.order) for b in planned(2009)])
    labels = [intervals.verdict(values, 2.5).why for values in cells.values()]
    assert labels.count("trend") > 0.95 * len(labels)
