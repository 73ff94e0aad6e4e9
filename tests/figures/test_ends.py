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


def test_a_band_that_leaves_the_panel_has_arrows_where_it_does():
    axes = Figure().add_subplot()
    axes.set_ylim(0, 10)
    ends.arrows(axes, [1, 2, 3], [1, -1, np.nan], [9, 9, 11], "black")
    found = [(a.get_marker(), a.get_xdata()[0], a.get_ydata()[0]) for a in axes.lines]
    assert found == [("v", 2, 0), ("^", 3, 10)]
