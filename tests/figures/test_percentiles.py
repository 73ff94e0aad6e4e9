"""Percentile curves of the latency of transactions."""

import pandas as pd
from helpers.blocks import cell, scattered, table

from vcperf.analysis import summary
from vcperf.figures import percentiles, style
from vcperf.kinds.netperf import LATENCIES

SPREAD = (1.0, 1.4, 4.0, 30.0)  # P50, P90, P99 and maximum, in terms of P50


def blocks(median_us, percent=5.0, **named):
    """Blocks of a request-response test, by their median latency."""
    values = scattered(median_us, 8, percent)
    rows = cell(values, test="TCP_RR", size=1, **named)
    for row, value in zip(rows, values, strict=True):
        row |= {"throughput_mbps": None, "transactions_per_s": 1e6 / value}
        row |= {name: value * by for name, by in zip(LATENCIES, SPREAD, strict=True)}
    return rows


def summarised(*cells):
    return summary.summarise(table(*cells), 2.5)


def draw(cells):
    return percentiles.draw({"netperf_summary": cells})


def text_of(tmp_path, cells):
    path = tmp_path / "a.svg"
    style.save(draw(cells), [str(path)])
    return path.read_text()


CELLS = (
    blocks(20, path="vc00->c000"),
    blocks(45, pinning="config2", path="vc00->c000"),
    blocks(90, load="TCP_STREAM", path="vc00->c000"),
    blocks(400, pinning="config2", load="TCP_STREAM", path="vc00->c000"),
    blocks(60, path="vc00->c010"),
    blocks(210, path="vc00->c010", load="TCP_STREAM", percent=40),
)


def test_each_path_has_a_panel_with_a_curve_per_pinning_and_load():
    first, second = (axes for axes in draw(summarised(*CELLS)).axes)
    curves = [line for line in first.lines if len(line.get_xdata()) == len(LATENCIES)]
    assert {(line.get_color(), line.get_linestyle()) for line in curves} == {
        (style.PALETTE[0], "-"),
        (style.PALETTE[1], "-"),
        (style.PALETTE[0], "--"),
        (style.PALETTE[1], "--"),
    }
    means = sorted(line.get_ydata()[0] for line in curves)
    assert [round(mean) for mean in means] == [20, 45, 90, 400]
    assert [round(y / 20, 1) for y in curves[0].get_ydata()] == list(SPREAD)
    assert len([li for li in second.lines if len(li.get_xdata()) == len(LATENCIES)]) == 2


def test_the_figure_says_what_it_shows(tmp_path):
    text = text_of(tmp_path, summarised(*CELLS))
    for part in (
        "P99",
        "vc00-&gt;c010, TCP_RR, 1 byte (netns)",
        "config2",
        "without a load",
        "beside TCP_STREAM",
        "Latency (us)",
        "8 blocks",
        "mean and 95 % interval",
    ):
        assert part in text, part


def test_points_do_not_hide_each_other_and_unstable_ones_are_hollow():
    shaky = blocks(20, path="vc00->c000", status="disturbed")
    first = draw(summarised(shaky, *CELLS[1:])).axes[0]
    curves = [line for line in first.lines if len(line.get_xdata()) == len(LATENCIES)]
    assert len({line.get_xdata()[0] for line in curves}) == len(curves)
    assert [line.get_markerfacecolor() for line in curves].count("white") == 1


def test_cells_without_percentiles_are_left_out(tmp_path):
    without = summarised(cell([1.0, 2.0], test="TCP_RR"))
    assert "No test was asked for percentiles" in text_of(tmp_path, without)
    both = pd.concat([without, summarised(*CELLS[:1])], ignore_index=True)
    assert len(draw(both).axes) == 1
