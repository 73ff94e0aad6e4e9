"""The figure of the overhead: ratios to the baseline."""

import numpy as np
from helpers.blocks import cell, scattered, table

from vcperf.analysis import overhead
from vcperf.figures import overhead as figure
from vcperf.figures import style


def ratios(*cells):
    return overhead.overhead(table(*cells))


def draw(found):
    return figure.draw({"overhead": found})


def text_of(found, folder):
    style.save(draw(found), [str(folder / f"x.{ending}") for ending in ("svg", "png")])
    return (folder / "x.svg").read_text()


def test_the_figure_says_what_it_compares(tmp_path):
    bare = {"testbed": "native", "platform": "plain processes on one host"}
    found = ratios(
        cell(scattered(80), size=120),
        cell(scattered(100), size=120, **bare),
        cell(scattered(30), size=1024, path="c000->c001", pinning="config2"),
        cell(scattered(60), size=1024, path="c000->c001", pinning="config2", **bare),
        cell(scattered(30), size=9, path="c000->c010"),
    )
    drawn = text_of(found, tmp_path)
    assert "Linux 6.1 in network namespaces (netns) against plain processes" in drawn
    assert "vc00-&gt;c010, TCP_STREAM (netns)" in drawn and "c000-&gt;c001" in drawn
    assert "c000-&gt;c010" not in drawn, "not measured on the baseline"
    assert "config1" in drawn and "config2" in drawn and "native: 1" in drawn
    assert "5 blocks" in drawn and "hollow" not in drawn
    assert text_of(found, tmp_path) == drawn, "the same bytes for the same table"


def test_unstable_cells_and_single_blocks_are_drawn(tmp_path):
    found = ratios(
        cell([80.0], size=120, status="disturbed"), cell([100.0], size=120, testbed="native")
    )
    assert found["ratio_low"].isna().all() and list(found["doubtful"]) == [1]
    drawn = text_of(found, tmp_path)
    assert "hollow: unstable" in drawn and "1 block" in drawn


def test_nothing_to_compare_is_said(tmp_path):
    assert "Nothing was measured both" in text_of(ratios(cell([1.0])), tmp_path)


def test_cells_that_are_unstable_on_either_testbed_are_hollow():
    steady, modes = scattered(80, 8, 0.1), [*scattered(60, 4, 0.1), *scattered(90, 4, 0.1)]
    found = ratios(
        *(cell(steady, size=size) for size in (1, 2, 3)),
        cell(steady, size=1, testbed="native"),
        cell(modes, size=2, testbed="native"),
        cell(steady, size=3, testbed="native", status="disturbed"),
    )
    drawing = draw(found)
    hollow = [line for line in drawing.axes[0].lines if line.get_markerfacecolor() == "white"]
    assert [len(line.get_xdata()) for line in hollow] == [2]
    assert "hollow: unstable" in drawing.get_suptitle()
    assert "hollow" not in draw(found[:1]).get_suptitle()


def test_the_figure_names_settings_that_differ(tmp_path):
    found = ratios(cell(scattered(80)), cell(scattered(100), testbed="native"))
    assert "settings differ" not in text_of(found, tmp_path)
    names = "cpu.governor net.a net.b net.c net.d"
    drawn = text_of(found.assign(settings_differ=names), tmp_path)
    assert "settings differ" in drawn and "cpu.governor" in drawn and "1 more" in drawn


def wide(percent, sizes=(65536,)):
    """Two pinnings whose ratios have intervals of about that many percent."""
    return ratios(
        *(
            cell(scattered(mean, 3, percent, seed), pinning, size=size, testbed=testbed)
            for pinning, seed in (("config1", 1), ("config2", 2))
            for testbed, mean in (("netns", 80), ("native", 100))
            for size in sizes
        )
    )


def test_intervals_are_not_cut():
    found = wide(20)
    low, high = draw(found).axes[0].get_ylim()
    assert low <= found["ratio_low"].min() and found["ratio_high"].max() <= high
    assert not draw(found).axes[0].texts


def test_an_interval_far_wider_than_the_ratios_has_its_number_at_the_edge():
    found = wide(20).assign(ratio_high=[1.2, 40.0])
    axes = draw(found).axes[0]
    assert axes.get_ylim()[1] < 10
    assert [text.get_text() for text in axes.texts] == ["40"]


def test_points_of_one_size_stand_beside_each_other_in_the_middle():
    axes = draw(wide(5)).axes[0]
    places = sorted(
        line.get_xdata()[0] for line in axes.lines if line.get_label() in ("config1", "config2")
    )
    low, high = axes.get_xlim()
    shares = [np.log(place / low) / np.log(high / low) for place in places]
    assert 0.4 < shares[0] < 0.5 < shares[1] < 0.6
