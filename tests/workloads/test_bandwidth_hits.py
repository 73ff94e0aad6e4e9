"""What counts as a hit of an estimate of bandwidth."""

import pytest
from validation import validate_bandwidth as bed


def estimate(method, kind, low=None, high=None):
    middle = low if high is None or low is None else (low + high) / 2
    return {"method": method, "kind": kind, "low_mbps": low, "high_mbps": high, "mbps": middle}


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (estimate("pathload", "range", 50, 80), "yes"),  # contains it
        (estimate("pathload", "range", 75, 80), "yes"),  # 7 % above
        (estimate("pathload", "range", 80, 90), "no"),
        (estimate("pathload", "lower_bound", 65), "yes"),
        (estimate("pathload", "lower_bound", 0.1), "no"),
        (estimate("pathload", "lower_bound", 75), "no"),  # untrue
        (estimate("pathload", "upper_bound", None, 75), "yes"),
        (estimate("pathload", "upper_bound", None, 900), "no"),
        (estimate("pathload", "upper_bound", None, 65), "no"),
        (estimate("pathload", "inconclusive"), "no"),
        (estimate("pathrate", "within_bucket"), "no"),
        (estimate("pathrate", "capacity", 97, 99), "yes"),
        (estimate("pathrate", "capacity", 92, 94), "no"),
        (estimate("pathrate", "lower_bound", 96), "yes"),
        (estimate("pathrate", "lower_bound", 90), "no"),
    ],
)
def test_an_estimate_near_the_truth_is_a_hit(result, told):
    assert bed.in_a_word(result, 100, 70) == told
    assert bed.hit(result, 100, 70) == (told == "yes")


def test_a_true_bound_beyond_the_timers_is_no_hit():
    low = estimate("pathload", "lower_bound", 430)
    assert bed.in_a_word(low, 1000, 700) == "true bound" and not bed.hit(low, 1000, 700)
    assert bed.in_a_word(estimate("pathrate", "lower_bound", 571), 1000, 700) == "true bound"
    assert bed.in_a_word(estimate("pathload", "upper_bound", None, 300), 1000, 700) == "no"
    assert bed.in_a_word(estimate("pathload", "range", 100, 300), 1000, 700) == "no"
