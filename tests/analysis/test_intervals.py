"""Intervals and stopping: on simulated cells, held against what they promise."""

import numpy as np
import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st
from validation import validate_coverage

from vcperf.analysis import intervals

POSITIVE = st.lists(st.floats(1, 1e6), min_size=2, max_size=30)


def test_the_interval_of_a_mean_is_students():
    # t(0.975, 4) = 2.7764 (any table); s = sqrt(2.5); half = t s / sqrt(5)
    mean, low, high = intervals.mean_interval([1, 2, 3, 4, 5])
    assert mean == 3
    assert high - mean == pytest.approx(2.7764 * 2.5**0.5 / 5**0.5, rel=1e-4)
    assert mean - low == pytest.approx(high - mean)


def test_an_interval_covers_the_truth_as_often_as_it_says():
    chance = np.random.default_rng(1)
    hits = 0
    for _ in range(2000):
        _, low, high = intervals.mean_interval(chance.normal(10, 2, size=3))
        hits += low <= 10 <= high
    assert 0.93 < hits / 2000 < 0.97


def test_one_block_has_no_interval_and_none_no_mean():
    assert intervals.mean_interval([4.0])[0] == 4.0
    assert np.isnan(intervals.mean_interval([4.0])[1:]).all()
    assert np.isnan(intervals.mean_interval([])).all()


@given(st.lists(st.floats(1, 1e6), min_size=2, max_size=20), st.floats(0.01, 100))
def test_an_interval_scales_with_the_unit(values, factor):
    scaled = intervals.mean_interval([value * factor for value in values])
    for one, other in zip(intervals.mean_interval(values), scaled, strict=True):
        assert other == pytest.approx(one * factor, rel=1e-6, abs=1e-6 * factor * max(values))


def test_the_interval_of_a_median_ends_at_order_statistics():
    # n = 8: P(Bin(8, 1/2) < 1) = 1/256, and two of the lowest would miss with 7 %.
    assert intervals.median_interval([8, 1, 7, 2, 6, 3, 5, 4]) == (4.5, 1, 8)
    # n = 20 encloses with the 6th and the 15th (any table of the sign test).
    assert intervals.median_interval(range(1, 21)) == (10.5, 6, 15)
    assert np.isnan(intervals.median_interval([1, 2, 3, 4, 5])[1:]).all()


def test_the_interval_of_a_median_covers_whatever_the_shape():
    chance = np.random.default_rng(1)
    for draw in (chance.normal, chance.exponential, chance.standard_cauchy):
        truth = np.log(2) if draw == chance.exponential else 0
        hits = 0
        for _ in range(500):
            _, low, high = intervals.median_interval(draw(size=14))
            hits += low <= truth <= high
        assert hits / 500 > 0.94


@pytest.mark.parametrize(
    ("values", "label", "why"),
    [
        ([100, 100.1, 99.9] * 3 + [100], "converged", ""),
        ([100, 100.1, 99.9] * 3, "capped", ""),  # below 10 blocks too many are so by luck
        ([100, 120, 80], "capped", ""),
        ([100], "capped", ""),
        ([], "capped", ""),
        ([100.0] * 10, "converged", ""),
        ([100, 101, 70, 99, 100, 71, 101, 100, 99, 100, 70, 101], "unstable", "two modes"),
        ([100, 105, 111, 114, 120, 126, 131, 135], "unstable", "trend"),
        # modes and trends of less than the target are no matter
        ([100, 101, 100, 101, 100, 101, 101, 100, 101, 100], "converged", ""),
        ([100, 100.2, 100.4, 100.6, 100.8, 101, 101.2, 101.4, 101.6, 101.8], "capped", ""),
    ],
)
def test_a_cell_is_converged_capped_or_unstable_and_says_why(values, label, why):
    end = intervals.verdict(values, 2.5)
    assert (end.label, end.why) == (label, why)


def test_an_unstable_cell_gets_its_median():
    end = intervals.verdict([100, 105, 111, 114, 120, 126, 131, 135], 2.5)
    assert (end.estimate, end.low, end.high) == (117, 100, 135)


def test_a_cell_stopped_by_its_interval_has_one_of_the_targets_width():
    values = [100, 100.1, 99.9] * 4
    fixed, stopped = (intervals.verdict(values, 2.5, sequential=s) for s in (False, True))
    assert stopped.high - stopped.estimate == pytest.approx(2.5)
    assert (fixed.estimate, fixed.low, fixed.high) == intervals.mean_interval(values)


@given(POSITIVE, st.floats(0.01, 100))
def test_a_verdict_does_not_depend_on_the_unit(values, factor):
    one = intervals.verdict(values, 2.5)
    other = intervals.verdict([value * factor for value in values], 2.5)
    # Rounding may turn what lies on a threshold; else all scales.
    if one.label == other.label:
        assert other.estimate == pytest.approx(one.estimate * factor)


@given(POSITIVE)
def test_memory_never_narrows_an_interval(values):
    error, freedom = intervals.standard_error(values)
    assert error >= (1 - 1e-12) * np.std(values, ddof=1) / len(values) ** 0.5
    assert freedom <= len(values) - 1 + 1e-9


def test_an_interval_is_wider_for_blocks_with_a_memory():
    shuffled = [100, 101, 100, 101, 101, 100, 101, 100, 101, 100, 100, 101, 101, 100]
    runs = sorted(shuffled[:7]) + sorted(shuffled[7:])
    assert intervals.assumed_correlation(shuffled) == 0
    plain, wider = (intervals.mean_interval(values) for values in (shuffled, runs))
    assert wider[2] - wider[0] > 2 * (plain[2] - plain[0])
    # Seven blocks do not show a memory; the summary says that independence is assumed.
    assert intervals.assumed_correlation(runs[:7]) == 0
    assert intervals.assumption(7) == "independence assumed" != intervals.assumption(8)


@pytest.mark.parametrize("count", [10, 20, 40])
@pytest.mark.parametrize("kind", validate_coverage.KINDS)
def test_printed_intervals_contain_the_truth_in_92_percent_of_cells_or_say_doubtful(kind, count):
    """Of the cells that are not labelled unstable; 2 points are left to the chance of 800."""
    found = validate_coverage.fixed(kind, count, 800)
    if intervals.assumption(count) and kind == "20 % slow":
        # One cell in ten has no slow block, and nothing that it measured shows the mode.
        assert intervals.assumption(count) == "no rare mode assumed" and found.honest > 0.86
    else:
        assert found.honest > 0.90
    if kind.startswith("AR(1)"):
        assert found.covered > found.student + 0.05


def test_few_cells_are_called_converged_by_luck():
    """At 3 % noise: five blocks were within 2.5 % and wrong in one cell of six."""
    assert validate_coverage.fixed("independent", 5, 300).converged == 0
    ten = validate_coverage.fixed("independent", 10, 600)
    assert ten.converged > 0.3 and ten.lucky < 0.08


def test_the_tables_of_the_documentation_come_from_the_script(capsys):
    """Same heads, same kinds of noise and same numbers of blocks; the shares need more cells."""
    validate_coverage.main(4)
    made = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    documented = (ROOT / "docs/validation.md").read_text().splitlines()
    for line in made:
        named = line if "noise" in line or "---" in line else "|".join(line.split("|")[:3])
        assert any(found.startswith(named) for found in documented), line


def blocks_taken(series, minimum, maximum, target=2.5):
    count = 0
    while intervals.more_blocks(series[:count], target, minimum, maximum):
        count += 1
    return count


@given(
    st.lists(st.floats(1, 1e6), min_size=40, max_size=40), st.integers(1, 20), st.integers(0, 20)
)
def test_stopping_keeps_to_minimum_and_maximum(series, minimum, extra):
    assert minimum <= blocks_taken(series, minimum, minimum + extra) <= minimum + extra


def test_stopping_takes_two_checks_that_agree():
    steady = [100, 100.1, 99.9, 100]
    assert blocks_taken(steady * 10, 4, 30) == 11  # at 10 and 11; below is no label
    # Narrow at the tenth block by chance, and not at the eleventh.
    chance = [102, 98, 102, 100, 94, 104, 100, 102, 107, 101, 96, 97, 104, 94, 101, 102]
    labels = [intervals.verdict(chance[:n], 2.5).label for n in (9, 10, 11)]
    assert labels == ["capped", "converged", "capped"]
    assert blocks_taken(chance, 3, 16) > 11
    assert blocks_taken([80, 110, 100, 90, 120] * 8, 3, 30) == 30


def test_a_cell_of_two_modes_ends_early():
    assert blocks_taken([100, 101, 70, 99, 100, 71, 101] * 6, 10, 40) < 20


@pytest.mark.parametrize("noise", [5, 10])
@pytest.mark.parametrize("kind", validate_coverage.KINDS)
def test_nineteen_of_twenty_cells_are_honest(kind, noise):
    """At stopping: the interval holds the truth or the label says unstable (at least 92 %;
    the bound leaves room for the chance of 200 cells)."""
    ours, netperf = validate_coverage.simulate(kind, noise, 200)
    assert ours.honest >= 0.90
    assert ours.honest >= netperf.covered
    if kind in ("independent", "between = within"):
        assert ours.unstable < 0.10
    if noise == 10:  # where netperf's rule, too, needs many
        assert ours.blocks <= netperf.blocks + 0.5
