"""What stands out of a mesh is named, and nothing else is.

The rates of docs/tutorials/mesh.md are these; here with fewer meshes, and bounds that a sound
method passes but once in a thousand seeds.
"""

import numpy as np
import pandas as pd
import pytest
from helpers.meshes import LABELS, logarithms, table
from scipy import stats

from vcperf.analysis import mesh

RATE = 0.05


def named(values):
    """What is named: pairs n x n, senders, receivers."""
    found = mesh.judge(values)
    pairs, senders, receivers = (p <= RATE for p in found.adjusted)
    return pairs & found.agree & ((~np.isnan(values)).sum(-1) >= 3), senders, receivers


def most(meshes, rate):
    """How many of so many meshes may be wrong, unless the rate is missed."""
    return stats.binom.ppf(0.999, meshes, rate)


@pytest.mark.parametrize(("nodes", "blocks"), [(4, 5), (8, 3), (8, 10), (16, 5)])
def test_in_a_sound_mesh_anything_is_named_in_one_of_twenty_at_most(nodes, blocks):
    chance, meshes = np.random.default_rng(2), 200
    alarms = sum(
        any(found.any() for found in named(logarithms(nodes, blocks, chance)))
        for _ in range(meshes)
    )
    assert alarms <= most(meshes, RATE)


def test_without_disturbances_the_rate_of_false_alarms_is_not_far_below_the_nominal_one_either():
    """By the tests alone, the agreement of a pair's own blocks aside."""
    chance, meshes = np.random.default_rng(3), 300
    alarms = 0
    for _ in range(meshes):
        found = mesh.judge(logarithms(8, 5, chance, disturbed=0))
        alarms += any((p <= RATE).any() for p in found.adjusted)
    assert stats.binom.ppf(0.001, meshes, RATE) <= alarms <= most(meshes, RATE)


@pytest.mark.parametrize(("blocks", "power"), [(3, 0.8), (5, 0.9)])
def test_one_slow_pair_is_found_and_hardly_ever_another(blocks, power):
    chance, meshes, hits, others = np.random.default_rng(4), 100, 0, 0
    for _ in range(meshes):
        pairs, *nodes = named(logarithms(8, blocks, chance, slow=(1, 2, 0.9)))
        hits += pairs[1, 2]
        others += pairs.sum() - pairs[1, 2] + sum(found.sum() for found in nodes)
    assert hits >= power * meshes
    assert others <= 0.2 * meshes


def test_a_node_with_a_slow_cable_is_found_and_its_pairs_are_not_blamed():
    chance, meshes, hits, blamed = np.random.default_rng(5), 100, 0, 0
    for _ in range(meshes):
        pairs, senders, receivers = named(logarithms(8, 5, chance, slow_node=(1, 0.8)))
        hits += senders[1] and receivers[1]
        blamed += pairs[1].sum() + pairs[:, 1].sum()
    assert hits >= 0.9 * meshes
    assert blamed <= 0.1 * meshes


def test_several_slow_pairs_do_not_hide_each_other():
    values = logarithms(8, 5, np.random.default_rng(6), disturbed=0)
    for pair in ((0, 1), (0, 2), (5, 6)):
        values[pair] += np.log(0.8)
    pairs, *_ = named(values)
    assert set(map(tuple, np.argwhere(pairs))) == {(0, 1), (0, 2), (5, 6)}


@pytest.fixture
def rows():
    """Rows of the table of a mesh with a slow pair, by sender and receiver."""

    def of(values):
        made = mesh.tables({"netperf": table(values)}, {"netperf": [LABELS]})["mesh"]
        assert list(made.columns) == mesh.COLUMNS
        return made.set_index(["sender", "receiver"])

    return of


def test_the_table_has_each_pair_and_each_node_in_both_roles(rows):
    chance = np.random.default_rng(7)
    made = rows(logarithms(8, 5, chance, slow=(1, 2, 0.8), disturbed=0))
    assert len(made) == 56 + 16
    slow = made.loc["n01", "n02"]
    assert slow["verdict"] == "slower" and slow["low_percent"] < -20 < slow["high_percent"]
    assert slow["median"] == pytest.approx(940 * 0.8, rel=0.15) and slow["blocks"] == 5
    assert made.loc["n01", "*"]["blocks"] == 35
    alike = made[made["verdict"] == "alike"]
    assert len(alike) > 50
    assert (alike["low_percent"] >= -5).all() and (alike["high_percent"] <= 5).all()


def test_a_pair_with_few_blocks_is_open_not_slow(rows):
    values = logarithms(8, 2, np.random.default_rng(8), slow=(1, 2, 0.7), disturbed=0)
    assert tuple(rows(values).loc["n01", "n02"][["verdict", "why"]]) == (
        "open",
        "fewer than 3 blocks",
    )


def test_a_pair_of_which_some_blocks_were_held_up_is_open_not_slow(rows):
    values = logarithms(8, 5, np.random.default_rng(9), disturbed=0)
    values[1, 2, :3] += np.log([0.6, 0.7, 0.8])
    assert tuple(rows(values).loc["n01", "n02"][["verdict", "why"]]) == (
        "open",
        "its blocks disagree",
    )


def test_pairs_that_are_missing_are_no_fault(rows):
    """A node that never answered, and a pair that was not measured."""
    values = logarithms(8, 5, np.random.default_rng(10), slow=(1, 2, 0.8), disturbed=0)
    values[7], values[:, 7], values[3, 4] = np.nan, np.nan, np.nan
    made = rows(values)
    assert len(made) == 41 + 14 and ("n03", "n04") not in made.index
    assert made.loc["n01", "n02"]["verdict"] == "slower"


def test_three_nodes_are_too_few(rows):
    made = rows(logarithms(3, 5, np.random.default_rng(11)))
    assert set(made["verdict"]) <= {"open", "alike"}


def test_rates_of_transactions_are_compared_by_their_own_metric():
    blocks = table(logarithms(4, 3, np.random.default_rng(12)))
    blocks = blocks.rename(columns={"throughput_mbps": "transactions_per_s"})
    labels = {**LABELS, "test": "TCP_RR"}
    made = mesh.tables({"netperf": blocks.assign(test="TCP_RR")}, {"netperf": [labels]})["mesh"]
    assert set(made["metric"]) == {"transactions_per_s"}


def test_blocks_of_other_cells_are_not_of_the_mesh():
    blocks = table(logarithms(4, 3, np.random.default_rng(13)))
    others = blocks.assign(pinning="other", throughput_mbps=1.0)
    both = {"netperf": pd.concat([blocks, others], ignore_index=True)}
    made = mesh.tables(both, {"netperf": [LABELS]})["mesh"]
    assert made["median"].min() > 500 and made["blocks"].max() == 9
