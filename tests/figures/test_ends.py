"""Intervals that leave their panel."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from vcperf.figures import ends


def drawn(low, high):
    """The line of an interval in a panel from -10 to 10, and its arrows by place."""
    axes = Figure().add_subplot()
    ends.across(axes, 1.0, (low, high), (-10, 10), "black")
    line, *arrows = axes.lines or [None]
    return line and list(line.get_xdata()), {a.get_marker(): a.get_xdata()[0] for a in arrows}


@pytest.mark.parametrize(
    ("interval", "line", "arrows"),
    [
        ((-5, 5), [-5, 5], {}),
        ((-50, 5), [-10, 5], {"<": -10}),
        ((-5, np.inf), [-5, 10], {">": 10}),
        ((-11, 11), [-10, 10], {"<": -10, ">": 10}),
        ((np.nan, np.nan), None, {}),
    ],
)
def test_an_end_beyond_the_edge_is_an_arrow_there(interval, line, arrows):
    assert drawn(*interval) == (line, arrows)


@pytest.mark.parametrize(
    ("interval", "numbers"),
    [((-5, 5), []), ((-50, 12.4), ["-50 %", "+12 %"]), ((-5, np.inf), [])],
)
def test_an_end_beyond_the_edge_has_its_number_there(interval, numbers):
    axes = Figure().add_subplot()
    ends.across(axes, 1.0, interval, (-10, 10), "black")
    assert [text.get_text() for text in axes.texts] == numbers
    assert all(abs(text.xy[0]) == 10 for text in axes.texts)


def band(places, lows, highs, number=0):
    return ends.Band(places, lows, highs, "black", number)


def test_a_band_that_leaves_the_panel_has_arrows_and_numbers_where_it_does():
    axes = Figure().add_subplot()
    axes.set_ylim(0, 10)
    band([1, 2, 3], [1, -1, np.nan], [9, 9, 1234.5]).mark_ends(axes)
    found = [(a.get_marker(), a.get_xdata()[0], a.get_ydata()[0]) for a in axes.lines]
    assert found == [("v", 2, 0), ("^", 3, 10)]
    assert [text.get_text() for text in axes.texts] == ["-1", "1234"]


def test_numbers_of_several_bands_are_beside_each_other():
    axes = Figure().add_subplot()
    axes.set_ylim(0, 10)
    for number in (0, 1):
        band([1], [-1], [5], number).mark_ends(axes)
    first, second = (text.xyann[0] for text in axes.texts)
    assert second - first >= ends.SMALL


def test_the_interval_of_a_single_size_is_a_line():
    axes = Figure().add_subplot()
    band([8], [-1.0], [5.0]).draw(axes, least=0.5)
    (line,) = axes.collections
    assert line.get_segments()[0].tolist() == [[8, 0.5], [8, 5]]
