"""Two campaigns compared, cell by cell."""

import numpy as np
import pytest
from helpers.blocks import by_size, cell, table
from helpers.checkout import ROOT
from validation import validate_compare

from vcperf.analysis import compare
from vcperf.errors import VcperfError


def test_a_change_is_found_among_many_cells():
    means = [100.0] * 20
    changed = [*means[:-1], 90.0]
    rows, only_a, only_b = compare.compare(by_size(means, 8), by_size(changed, 8, seed=50))
    assert (only_a, only_b) == ([], [])
    assert list(rows["verdict"]) == [compare.SAME] * 19 + [compare.CHANGED]
    assert rows["effect_percent"].iloc[-1] == pytest.approx(-10)


def test_a_sure_but_small_effect_is_no_change():
    rows, *_ = compare.compare(by_size([100], 8, 0.1), by_size([103], 8, 0.1, 50))
    assert rows["p"].item() < 0.001 and rows["verdict"].item() == compare.SAME


def test_an_effect_that_may_exceed_the_margin_is_not_called_the_same():
    rows, *_ = compare.compare(by_size([100], 8, 0.5), by_size([104.8], 8, 0.5, 50))
    assert rows["high_percent"].item() > 5 and rows["verdict"].item() == compare.FEW
    rows, *_ = compare.compare(
        by_size([100], 8, 0.5), by_size([104.8], 8, 0.5, 50), margin_percent=10
    )
    assert rows["verdict"].item() == compare.SAME


def test_an_interval_that_holds_0_is_no_change():
    wild = table(cell([99.0, 92.0, 75.0], size=1))  # all below, but anywhere
    rows, *_ = compare.compare(by_size([100], 8, 0.1), wild)
    assert rows["low_percent"].item() < 0 < rows["high_percent"].item()
    assert rows["verdict"].item() == compare.FEW


def test_three_blocks_show_no_change_however_large_the_effect():
    rows, *_ = compare.compare(by_size([100] * 3, 3), by_size([50] * 3, 3, seed=50))
    assert set(rows["verdict"]) == {compare.FEW}
    assert rows["p"].min() == pytest.approx(0.1)


def test_one_block_gives_no_interval_and_no_verdict():
    rows, *_ = compare.compare(by_size([100], 1), by_size([50], 8, seed=50))
    assert np.isnan(rows["low_percent"].item()) and set(rows["verdict"]) == {compare.FEW}


@pytest.mark.parametrize(
    ("columns", "direction"),
    [
        ({"throughput_mbps": 1.0}, "worse"),
        ({"test": "TCP_RR", "transactions_per_s": 1.0}, "worse"),
        ({"latency_us": 1.0}, "better"),
    ],
)
def test_whether_less_is_better_depends_on_the_metric(columns, direction):
    both = []
    for mean in (100, 80):
        rows = by_size([mean], 8, seed=mean)
        values = rows["throughput_mbps"]
        for column, factor in columns.items():
            rows[column] = factor if column == "test" else values * factor
        if "latency_us" in columns:
            rows = rows.drop(columns=["test", "throughput_mbps"])
            rows = rows.assign(stack="mpich", program="pingpong", load="none")
        both.append(rows)
    found, *_ = compare.compare(*both)
    assert found["verdict"].item() == compare.CHANGED and found["direction"].item() == direction


def test_rows_are_ordered_by_what_they_say_and_by_effect():
    rows, *_ = compare.compare(
        by_size([100] * 4, 8, 0.2), by_size([100.5, 120, 98, 70], 8, 0.2, seed=50)
    )
    assert list(compare.by_effect(rows)["message_bytes"]) == [4, 2, 3, 1]


def test_campaigns_that_differ_as_wholes_are_the_yardstick():
    """Means of campaigns of one thing differ by 3 %: a difference of 6 % is none."""
    shifts = [1.0, 1.03, 0.97, 1.02, 0.98]
    calibration = [by_size([100 * s] * 4, 8, 0.2, seed=n) for n, s in enumerate(shifts)]
    a, b = by_size([100] * 4, 8, 0.2, 80), by_size([106] * 4, 8, 0.2, 90)
    without, *_ = compare.compare(a, b)
    assert set(without["verdict"]) == {compare.CHANGED}
    between = compare.yardstick(calibration)
    assert between.percent == pytest.approx(2.5, abs=0.2) and between.freedom == 4
    with_it, *_ = compare.compare(a, b, between)
    assert set(with_it["verdict"]) == {compare.FEW}
    large, *_ = compare.compare(a, by_size([140] * 4, 8, 0.2, 90), between)
    assert set(large["verdict"]) == {compare.CHANGED}


def test_one_campaign_is_no_yardstick_and_none_is_no_fault():
    assert compare.yardstick([]) is None
    with pytest.raises(VcperfError, match="one campaign; give two or more"):
        compare.yardstick([by_size([100], 3)])
    elsewhere = by_size([100], 3).assign(pinning="elsewhere")
    with pytest.raises(VcperfError, match="no cell in common"):
        compare.yardstick([by_size([100], 3), elsewhere])


@pytest.mark.parametrize("kind", ["independent", "AR(1) 0.5", "20 % slow"])
@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("count", [5, 8, 20])
def test_the_same_campaign_twice_seldom_changes(kind, alike, count):
    """At most 7 % of comparisons of ten cells, whether these move alike or each by itself; the
    bound leaves room for the chance of 60."""
    assert validate_compare.alarms(kind, 10, count, alike, 60) <= 0.13


@pytest.mark.slow
def test_calibrating_campaigns_keep_false_alarms_down():
    assert validate_compare.calibrated(0, 40) > 0.5
    assert validate_compare.calibrated(5, 60) < 0.13


def test_the_tables_of_the_documentation_come_from_the_script(capsys):
    validate_compare.main(1)
    made = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    documented = (ROOT / "docs/validation.md").read_text().splitlines()
    for line in made:
        named = line if "noise" in line or "called" in line else "|".join(line.split("|")[:2])
        assert any(found.startswith(named) for found in documented), line


def test_a_table_without_streams_and_loads_has_one_stream_without_a_load():
    """Those of earlier versions lack the columns."""
    new = table(cell([100, 101, 99] * 2), cell([300, 301, 299] * 2, streams="4"))
    old = new[new["streams"] == "1"].drop(columns=["streams", "load"])
    rows, only_old, only_new = compare.compare(old, new)
    assert len(rows) == 1 and not only_old
    assert only_new == ["netns config1 vc00->c010 TCP_STREAM 4 streams 1024"]
    assert rows["streams"].tolist() == [""] == rows["load"].tolist()


def test_what_is_usual_for_netperf_is_a_name_of_the_ping_pong():
    pingpong = {"test": None, "stack": "mpich", "program": "pingpong", "load": "none"}
    named = compare.named(table(cell([1.0]), cell([2.0], **pingpong)))
    assert named["load"].tolist() == ["", "none"]
