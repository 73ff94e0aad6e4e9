"""Statistics and figures over made-up tables."""

import numpy as np
import pandas as pd
import pytest
from blocks import started

from vcperf.analysis import summary
from vcperf.figures import curves

FIGURE = {
    "title": "a title",
    "metrics": ["throughput_mbps"],
    "where": {"test": "TCP_STREAM"},
    "series": [
        {"label": "one", "where": {"pinning": "p1"}},
        {"label": "two", "where": {"pinning": "p2"}},
    ],
}


def table(values_by_pinning, **columns) -> pd.DataFrame:
    """Blocks of one size a pinning; two sizes with the same values."""
    rows = [
        {
            "testbed": "netns",
            "platform": "Linux 6.1 in network namespaces",
            "pinning": pinning,
            "path": "a->b",
            "sender": "a",
            "receiver": "b",
            "test": "TCP_STREAM",
            "message_bytes": size,
            "shared_cpus": "no",
            "block": block,
            "started": started(block),
            "status": "ok",
            **dict.fromkeys(summary.METRICS, np.nan),
            "throughput_mbps": value,
            **columns,
        }
        for pinning, values in values_by_pinning.items()
        for size in (100, 1000)
        for block, value in enumerate(values, start=1)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("values", "status", "label"),
    [
        ([100, 100.1, 99.9], "ok", "converged"),
        ([100, 120, 80], "ok", "capped"),
        ([100], "ok", "capped"),
        ([100, 100.1, 99.9], "disturbed", "unstable"),
    ],
)
def test_label(values, status, label):
    cells = summary.summarise(table({"p1": values}, status=status), 2.5)
    assert list(cells["label"]) == [label, label]
    assert list(cells["blocks"]) == [len(values)] * 2
    assert list(cells["doubtful"]) == [0 if status == "ok" else len(values)] * 2
    assert cells["mean"].iloc[0] == pytest.approx(np.mean(values))  # none is dropped


def test_a_drift_makes_a_cell_unstable_whatever_the_order_of_the_rows():
    drift = table({"p1": [100, 104, 108, 112, 116, 120, 124]})
    mixed = drift.sort_values("block", key=lambda block: block * 3 % 7)
    for blocks in (drift, mixed):
        cells = summary.summarise(blocks, 2.5)
        assert set(cells["label"]) == {"unstable"} and set(cells["why"]) == {"trend"}
        assert (cells["median"] == 112).all() and (cells["median_low"] == 100).all()


def test_a_block_that_was_measured_late_stands_where_it_was_measured():
    drift = table({"p1": [100, 104, 108, 112, 116, 120, 124]})
    late = drift.assign(block=[4, 7, 2, 6, 1, 5, 3] * 2)
    cells = summary.summarise(late, 2.5)
    assert set(cells["why"]) == {"trend"}
    by_number = late.assign(started=late["block"].map(started))
    assert set(summary.summarise(by_number, 2.5)["why"]) == {""}


def test_request_response_tests_are_told_by_their_rate():
    blocks = table({"p1": [1, 2]}, test="UDP_RR", throughput_mbps=np.nan, transactions_per_s=50.0)
    cells = summary.summarise(blocks, 2.5)
    assert set(cells["metric"]) == {"transactions_per_s"} and (cells["mean"] == 50).all()


def drawn(tmp_path, name, cells, figure=FIGURE):
    svg, png = tmp_path / f"{name}.svg", tmp_path / f"{name}.png"
    curves.save(curves.draw(cells, figure), str(svg), str(png))
    return svg, png


def test_one_table_draws_the_same_bytes(tmp_path):
    cells = summary.summarise(table({"p1": [1, 2, 3], "p2": [4, 5, 6]}), 2.5)
    first, second = drawn(tmp_path, "a", cells), drawn(tmp_path, "b", cells)
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes() and one.stat().st_size > 1000


def test_a_figure_names_testbed_units_and_blocks(tmp_path):
    cells = summary.summarise(table({"p1": [1, 2, 3], "p2": [4, 5, 6]}, shared_cpus="yes"), 2.5)
    text = drawn(tmp_path, "a", cells)[0].read_text()
    for part in ("netns", "Mbit/s", "(bytes)", "3 blocks", "share CPUs", "one", "two", "a title"):
        assert part in text, part
    assert "Not in this campaign" not in text and "hollow" not in text


def test_a_figure_says_which_series_it_lacks(tmp_path):
    cells = summary.summarise(table({"p1": [1, 2, 3]}), 2.5)
    text = drawn(tmp_path, "a", cells)[0].read_text()
    assert "Not in this campaign" in text and "two (test TCP_STREAM, pinning p2)" in text


def test_doubtful_points_are_drawn_hollow(tmp_path):
    cells = summary.summarise(table({"p1": [1, 2, 3]}, status="disturbed"), 2.5)
    assert "hollow: unstable" in drawn(tmp_path, "a", cells)[0].read_text()


@pytest.mark.parametrize(
    ("values", "drawn_at", "legend"),
    [
        ([100, 100, 100, 300, 300, 300, 300], (300, 100, 300), "hollow: unstable, median"),
        ([100, 100, 100, 300, 300], (180, None, None), "hollow: unstable"),  # no interval yet
    ],
)
def test_unstable_cells_are_drawn_by_their_median(values, drawn_at, legend):
    cells = summary.summarise(table({"p1": values}), 2.5)
    assert set(cells["label"]) == {"unstable"}
    axes = curves.draw(cells, FIGURE).axes[0]
    middle, low, high = drawn_at
    assert list(axes.lines[0].get_ydata()) == [middle, middle]
    if low is not None:
        heights = axes.collections[0].get_paths()[0].vertices[:, 1]
        assert (heights.min(), heights.max()) == (low, high)
    assert legend in [text.get_text() for text in axes.get_legend().get_texts()]


def test_stable_cells_are_drawn_by_their_mean():
    cells = summary.summarise(table({"p1": [100, 101, 99, 100, 102, 98]}), 2.5)
    cells["median"] = 1.0
    assert list(curves.draw(cells, FIGURE).axes[0].lines[0].get_ydata()) == [100, 100]


def test_curves_go_through_the_means_in_order_of_size():
    blocks = table({"p1": [1, 3], "p2": [10, 30]})
    blocks.loc[blocks["message_bytes"] == 1000, "throughput_mbps"] *= 2
    cells = summary.summarise(blocks.sample(frac=1, random_state=1), 2.5)
    axes = curves.draw(cells, FIGURE).axes[0]
    lines = [line for line in axes.lines if len(line.get_xdata())]
    assert [list(line.get_xdata()) for line in lines] == [[100, 1000], [100, 1000]]
    assert [list(line.get_ydata()) for line in lines] == [[2, 4], [20, 40]]
    assert axes.get_xscale() == "log"


def test_colours_of_a_figure_differ():
    assert len(set(curves.PALETTE)) == len(curves.PALETTE) == len(set(curves.MARKERS))
