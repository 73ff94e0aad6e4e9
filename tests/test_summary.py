"""Statistics and figures over made-up tables."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_interval_is_students():
    # t(0.975, 4) = 2.7764 (any table); s = sqrt(2.5); half = t s / sqrt(5)
    mean, low, high = summary.mean_interval([1, 2, 3, 4, 5])
    assert mean == 3
    assert high - mean == pytest.approx(2.7764 * 2.5**0.5 / 5**0.5, rel=1e-4)
    assert mean - low == pytest.approx(high - mean)


def test_interval_covers_the_truth_as_often_as_it_says():
    chance = np.random.default_rng(1)
    hits = 0
    for _ in range(2000):
        _, low, high = summary.mean_interval(chance.normal(10, 2, size=3))
        hits += low <= 10 <= high
    assert 0.93 < hits / 2000 < 0.97


def test_one_block_has_no_interval_and_none_no_mean():
    assert summary.mean_interval([4.0])[0] == 4.0
    assert np.isnan(summary.mean_interval([4.0])[1:]).all()
    assert np.isnan(summary.mean_interval([])).all()


@given(st.lists(st.floats(1, 1e6), min_size=2, max_size=20), st.floats(0.01, 100))
def test_interval_scales_with_the_unit(values, factor):
    scaled = summary.mean_interval([value * factor for value in values])
    for one, other in zip(summary.mean_interval(values), scaled, strict=True):
        assert other == pytest.approx(one * factor, rel=1e-6, abs=1e-6 * factor * max(values))


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
    assert "Not in this campaign" not in text and "disturbed" not in text


def test_a_figure_says_which_series_it_lacks(tmp_path):
    cells = summary.summarise(table({"p1": [1, 2, 3]}), 2.5)
    text = drawn(tmp_path, "a", cells)[0].read_text()
    assert "Not in this campaign" in text and "two (test TCP_STREAM, pinning p2)" in text


def test_doubtful_points_are_drawn_hollow(tmp_path):
    cells = summary.summarise(table({"p1": [1, 2, 3]}, status="disturbed"), 2.5)
    assert "disturbed" in drawn(tmp_path, "a", cells)[0].read_text()


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
