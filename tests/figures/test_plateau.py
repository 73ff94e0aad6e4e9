"""The link's rate in figures."""

from helpers.blocks import cell, table

from vcperf.analysis import link, overhead, summary
from vcperf.figures import curves
from vcperf.figures import overhead as ratios

PAYLOAD = 1000 * 1448 / 1538
SHAPED = {"link": "shaped", "link_mbps": 1000.0}


def legend(metric, *heights):
    columns = {**SHAPED, "sender_domain_cpu_percent": 50.0}
    cells = [cell([h] * 3, size=10**n, **columns) for n, h in enumerate(heights, start=1)]
    rows = summary.summarise(link.mark(table(*cells)), 2.5)
    figure = {
        "title": "x",
        "metrics": [metric],
        "where": {},
        "series": [{"label": "y", "where": {}}],
    }
    axes = curves.draw({"netperf_summary": rows}, figure).axes[0]
    return axes, [text.get_text() for text in axes.get_legend().get_texts()]


def test_throughput_has_a_line_at_the_payload_of_the_link_and_marks_where_it_is_met():
    axes, words = legend("throughput_mbps", 100, PAYLOAD, PAYLOAD)
    assert "payload of a link of 1000 Mbit/s" in words and "meets the link" in words
    (line,) = (one for one in axes.lines if one.get_label().startswith("payload"))
    assert line.get_ydata()[0] == PAYLOAD
    (marks,) = (one for one in axes.lines if one.get_marker() == "_" and len(one.get_xdata()))
    assert list(marks.get_xdata()) == [100, 1000]


def test_cpu_time_has_the_marks_alone():
    _, words = legend("sender_domain_cpu_percent", 100, PAYLOAD)
    assert "meets the link" in words and not any("payload" in word for word in words)


def test_a_figure_whose_cells_meet_no_link_says_nothing_of_it():
    _, words = legend("throughput_mbps", 100, 200)
    assert words == ["y"]


def test_an_overhead_of_a_cell_that_meets_the_link_is_marked_as_a_bound():
    bare = {"testbed": "native", "link": "none", "link_mbps": None}
    blocks = table(cell([PAYLOAD] * 3, **SHAPED), cell([5000.0] * 3, **bare))
    found = overhead.overhead(link.mark(blocks))
    assert found["meets_link"].item() == "yes"
    words = [t.get_text() for t in ratios.draw({"overhead": found}).legends[0].get_texts()]
    assert "meets the link: a bound" in words
