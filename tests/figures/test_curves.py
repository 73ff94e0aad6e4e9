"""Curves over the message size."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from helpers.blocks import by_pinning
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D

from vcperf.analysis import summary
from vcperf.figures import curves, style

FIGURE = {
    "title": "a title",
    "metrics": ["throughput_mbps"],
    "where": {"test": "TCP_STREAM"},
    "series": [
        {"label": "one", "where": {"pinning": "p1"}},
        {"label": "two", "where": {"pinning": "p2"}},
    ],
}


def draw(cells):
    return curves.draw({"netperf_summary": cells}, FIGURE)


def drawn(tmp_path, name, cells):
    svg, png = tmp_path / f"{name}.svg", tmp_path / f"{name}.png"
    style.save(draw(cells), [str(svg), str(png)])
    return svg, png


def test_one_table_draws_the_same_bytes(tmp_path):
    cells = summary.summarise(by_pinning({"p1": [1, 2, 3], "p2": [4, 5, 6]}), 2.5)
    first, second = drawn(tmp_path, "a", cells), drawn(tmp_path, "b", cells)
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes() and one.stat().st_size > 1000


def test_a_figure_names_testbed_units_and_blocks(tmp_path):
    cells = summary.summarise(
        by_pinning({"p1": [1, 2, 3], "p2": [4, 5, 6]}, shared_cpus="yes"), 2.5
    )
    text = drawn(tmp_path, "a", cells)[0].read_text()
    for part in ("netns", "Mbit/s", "(bytes)", "3 blocks", "share CPUs", "one", "two", "a title"):
        assert part in text, part
    assert "Not in this campaign" not in text and "hollow" not in text


@pytest.mark.parametrize(
    ("column", "said"),
    [("shared_cores", "pins share physical cores"), ("numa_crossed", "pins cross NUMA nodes")],
)
def test_a_figure_says_what_its_pins_have_in_common(column, said, tmp_path):
    values = {"p1": [1, 2, 3], "p2": [4, 5, 6]}
    for answer in ("yes", "no", None):
        cells = summary.summarise(by_pinning(values, **{column: answer}), 2.5)
        text = drawn(tmp_path, "a", cells)[0].read_text()
        assert (said in text) is (answer == "yes")


def test_a_figure_says_which_series_it_lacks(tmp_path):
    cells = summary.summarise(by_pinning({"p1": [1, 2, 3]}), 2.5)
    text = drawn(tmp_path, "a", cells)[0].read_text()
    assert "Not in this campaign" in text and "two (test TCP_STREAM, pinning p2)" in text


def test_doubtful_points_are_drawn_hollow(tmp_path):
    cells = summary.summarise(by_pinning({"p1": [1, 2, 3]}, status="disturbed"), 2.5)
    assert "hollow: unstable" in drawn(tmp_path, "a", cells)[0].read_text()


@pytest.mark.parametrize(
    ("values", "drawn_at", "legend"),
    [
        ([100, 100, 100, 300, 300, 300, 300], (300, 100, 300), "hollow: unstable, median"),
        ([100, 100, 100, 300, 300], (180, None, None), "hollow: unstable"),  # no interval yet
    ],
)
def test_unstable_cells_are_drawn_by_their_median(values, drawn_at, legend):
    cells = summary.summarise(by_pinning({"p1": values}), 2.5)
    assert set(cells["label"]) == {"unstable"}
    axes = draw(cells).axes[0]
    middle, low, high = drawn_at
    assert list(axes.lines[0].get_ydata()) == [middle, middle]
    if low is not None:
        heights = axes.collections[0].get_paths()[0].vertices[:, 1]
        assert (heights.min(), heights.max()) == (low, high)
    assert legend in [text.get_text() for text in axes.get_legend().get_texts()]


def test_stable_cells_are_drawn_by_their_mean():
    cells = summary.summarise(by_pinning({"p1": [100, 101, 99, 100, 102, 98]}), 2.5)
    cells["throughput_mbps_median"] = 1.0
    assert list(draw(cells).axes[0].lines[0].get_ydata()) == [100, 100]


def test_curves_go_through_the_means_in_order_of_size():
    blocks = by_pinning({"p1": [1, 3], "p2": [10, 30]})
    blocks.loc[blocks["message_bytes"] == 1000, "throughput_mbps"] *= 2
    cells = summary.summarise(blocks.sample(frac=1, random_state=1), 2.5)
    axes = draw(cells).axes[0]
    lines = [line for line in axes.lines if len(line.get_xdata())]
    lines = [line for line in lines if line.get_linestyle() == "-"]  # no arrows of bands
    assert [list(line.get_xdata()) for line in lines] == [[100, 1000], [100, 1000]]
    assert [list(line.get_ydata()) for line in lines] == [[2, 4], [20, 40]]
    assert axes.get_xscale() == "log"


def test_all_colours_and_markers_of_a_figure_differ():
    assert len(set(style.PALETTE)) == len(style.PALETTE) == len(set(style.MARKERS))


def test_intervals_of_cpu_time_end_where_cpus_do():
    """Those of few blocks would go below 0 % and above all of a CPU."""
    blocks = by_pinning({"p1": [1, 2, 3], "p2": [4, 5, 6]})
    metric = "sender_domain_cpu_percent"
    blocks[metric] = [100, 90, 100, 100, 90, 100, 0, 5, 1, 0, 5, 1]
    cells = summary.summarise(blocks, 2.5)
    assert cells[f"{metric}_ci_high"].max() > 100 and cells[f"{metric}_ci_low"].min() < 0
    axes = curves.draw({"netperf_summary": cells}, {**FIGURE, "metrics": [metric]}).axes[0]
    heights = np.concatenate([band.get_paths()[0].vertices[:, 1] for band in axes.collections])
    assert heights.max() == 100 and 0 <= heights.min() < 1e-3
    assert not axes.texts, "no number of what cannot be"


def test_a_curve_that_needs_two_cpus_may_have_an_interval_above_one():
    cells = pd.DataFrame({"sender_domain_cpu_percent_mean": [90.0, 130.0]})
    ends = pd.Series([110.0, 250.0])
    assert list(curves.possible("sender_domain_cpu_percent", cells, ends)) == [110, 200]
    assert list(curves.possible("throughput_mbps", cells, ends)) == [110, 250]


def test_the_legend_shows_the_markers_of_hollow_points():
    blocks = by_pinning({"p1": [1, 2, 3], "p2": [4, 5, 6]})
    blocks.loc[blocks["pinning"] == "p2", "status"] = "disturbed"
    axes = draw(summary.summarise(blocks, 2.5)).axes[0]
    shown = {
        text.get_text(): [
            line.get_marker() for line in box.findobj(Line2D) if line.get_marker() != "None"
        ]
        for box, text in zip(legend_boxes(axes), axes.get_legend().get_texts(), strict=True)
    }
    assert shown == {"one": ["o"], "two": ["s"], "hollow: unstable": ["s"]}


def legend_boxes(axes):
    """What a legend shows beside each text."""
    return [text.get_children()[0] for text in rows_of(axes.get_legend())]


def rows_of(legend):
    return [
        row for column in legend._legend_handle_box.get_children() for row in column.get_children()
    ]


@pytest.mark.parametrize("pinnings", [{"p1": [1, 2, 3]}, {"p3": [1, 2, 3]}])
def test_long_titles_and_names_of_what_is_missing_stay_in_the_figure(pinnings):
    cells = summary.summarise(by_pinning(pinnings), 2.5)
    long = [
        {"label": f"guest number {i} of the other node, far away", "where": {"pinning": f"p{i}x"}}
        for i in range(4)
    ]
    named = {"testbed": "netns", "test": "TCP_STREAM", "path": "a->b", "sender": "a"}
    series = [FIGURE["series"][0], *long]
    figure = {**FIGURE, "title": "a title of many words " * 9, "where": named, "series": series}
    drawing = curves.draw({"netperf_summary": cells}, figure)
    FigureCanvasAgg(drawing).draw()
    taken, (width, height) = drawing.get_tightbbox(), drawing.get_size_inches()
    assert taken.x0 >= 0 and taken.x1 <= width and taken.y0 >= 0 and taken.y1 <= height


TEXT = st.text("ab $\\_^{}<>&'\"%#\n\u00e4\u03bc\u00a0", min_size=1, max_size=20).filter(str.strip)


@settings(deadline=None, max_examples=8)
@example(r"$\foo$")
@example("price $a_$")
@given(TEXT)
def test_titles_and_labels_are_drawn_as_they_are_written(tmp_path_factory, text):
    """A dollar is no formula, and whatever XML has a meaning for is escaped."""
    cells = summary.summarise(by_pinning({"p1": [1, 2, 3]}), 2.5)
    series = [{"label": f"with {text}", "where": {"pinning": name}} for name in ("p1", "p2")]
    tables = {"netperf_summary": cells}
    drawing = curves.draw(tables, {**FIGURE, "title": text, "series": series})
    svg = tmp_path_factory.getbasetemp() / "text.svg"
    style.save(drawing, [str(svg), str(svg.with_suffix(".png"))])
    drawn = "".join("".join(ElementTree.parse(svg).getroot().itertext()).split())
    plain = "".join(text.split())
    # One series is in the legend, the other is named as one that is missing.
    assert drawn.count(f"with{plain}") == 2 and plain in drawn.replace(f"with{plain}", "")


def with_streams(*counts):
    blocks = [by_pinning({"p1": [n, n + 0.1, n]}, streams=str(n)) for n in counts]
    return summary.summarise(pd.concat(blocks), 2.5)


def test_of_several_streams_a_figure_that_names_none_shows_one():
    cells = with_streams(1, 4)
    (series, *_) = FIGURE["series"]
    assert set(curves.select(cells, FIGURE, series)["streams"]) == {"1"}
    named = {**FIGURE, "where": {**FIGURE["where"], "streams": "4"}}
    assert set(curves.select(cells, named, series)["streams"]) == {"4"}


def test_a_number_of_streams_that_all_have_is_said_below_the_title(tmp_path):
    assert "; 4 streams;" in drawn(tmp_path, "a", with_streams(4))[0].read_text()
    assert "streams" not in drawn(tmp_path, "b", with_streams(1))[0].read_text()
