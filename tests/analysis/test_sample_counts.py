"""Dispersion over blocks: against chi-square, and on simulated blocks that differ."""

import numpy as np
import pytest
from scipy import stats

from vcperf.analysis import profiles, sample_counts

WEIGHTS = np.array([40, 18, 10, 8, 6, 5, 4, 3, 2, 1.5, 1, 0.8, 0.4, 0.3])


def blocks(chance, count, scatter, weights=WEIGHTS):
    """Samples of blocks whose names vary by `scatter` (relative) beyond sampling."""
    found = []
    for _ in range(count):
        moved = weights * np.exp(scatter * chance.normal(size=len(weights)))
        drawn = chance.multinomial(chance.poisson(1500), moved / moved.sum())
        found.append({(f"n{index}",): int(n) for index, n in enumerate(drawn)})
    return found


def pooled(found):
    return {name: sum(block[name] for block in found) for name in found[0]}


def difference(one, other):
    spreads = {
        "shares": tuple(sample_counts.of_shares(side) for side in (one, other)),
        "amounts": tuple(sample_counts.of_amounts(side) for side in (one, other)),
    }
    return profiles.difference(pooled(one), pooled(other), spreads=spreads)


def test_the_dispersion_of_two_names_is_chi_square_over_its_degrees_of_freedom():
    table = [{"a": 100, "b": 300}, {"a": 200, "b": 250}]
    found = sample_counts.of_shares(table)
    chi = stats.chi2_contingency([[100, 300], [200, 250]], correction=False)
    assert chi.dof == 1
    # Of two names each has the whole table's.
    assert found.factor("a") == pytest.approx(chi.statistic)
    assert found.factor("b") == pytest.approx(chi.statistic)
    assert found.blocks == 2 and found.freedom == sample_counts.OWN_AFTER + 1


def test_blocks_that_differ_as_counts_do_have_a_dispersion_near_1():
    chance = np.random.default_rng(1)
    for scatter, low, high in ((0, 1, 1.5), (0.3, 4, 60)):
        found = sample_counts.of_shares(blocks(chance, 20, scatter))
        assert low <= found.factor(("n0",)) < high
    assert min(found.of.values()) >= 1


def test_amounts_are_per_exposure():
    twice = [{"a": 1000}, {"a": 2000}]
    assert sample_counts.of_amounts(twice).factor("a") > 100
    assert sample_counts.of_amounts(twice, [1.0, 2.0]).factor("a") == 1
    assert sample_counts.of_amounts(twice, [1.0, 2.0]).factor(None) == 1
    # A block that moved nothing tells nothing of samples per byte.
    assert not sample_counts.of_amounts(twice, [1.0, 0.0]).known


def test_one_block_has_no_dispersion():
    found = sample_counts.of_shares([{"a": 5, "b": 6}])
    assert not found.known and found.factor("a") == 1 and found.alpha(0.05) == 0.05


def test_intervals_are_wider_by_the_root_of_the_factor():
    for interval in (
        lambda factor: sample_counts.count_interval(5000, factor=factor),
        lambda factor: sample_counts.share_interval(5000, 20000, factor=factor),
    ):
        (low, high), (lower, higher) = interval(1.0), interval(9.0)
        assert higher - lower == pytest.approx(3 * (high - low), rel=0.01)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("scatter", [0.0, 0.1, 0.3])
def test_blocks_of_one_cell_explain_no_difference(count, scatter):
    """By chance at most 5 % of pairs; the bound leaves room for that of 150."""
    chance = np.random.default_rng(2)
    wrong = counts_alone = 0
    for _ in range(150):
        pair = [blocks(chance, count, scatter) for _ in "ab"]
        found = difference(*pair)
        wrong += any(row["explains"] for row in (*found["shares"], *found["amounts"]))
        plain = profiles.difference(*map(pooled, pair))
        counts_alone += any(row["explains"] for row in plain["shares"])
    assert wrong / 150 < 0.1
    if scatter:
        assert counts_alone / 150 > 0.4


def test_a_large_difference_is_explained_all_the_same():
    chance = np.random.default_rng(3)
    other = WEIGHTS.copy()
    other[1] *= 3
    found = difference(blocks(chance, 3, 0.1), blocks(chance, 3, 0.1, other))
    assert found["shares"][0]["name"] == ("n1",) and found["shares"][0]["explains"]
    assert found["verdict"]["shares"].endswith("differ by more than blocks of one cell do")


def test_single_blocks_explain_nothing_and_say_why():
    chance = np.random.default_rng(3)
    found = difference(blocks(chance, 1, 0), blocks(chance, 1, 0, WEIGHTS[::-1]))
    assert not any(row["explains"] for row in (*found["shares"], *found["amounts"]))
    assert found["verdict"]["amounts"].startswith("not known: one block does not show")
