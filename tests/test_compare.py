"""Two campaigns compared, by hand and as the command does."""

import itertools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from blocks import cell, scattered, table
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import compare_campaigns
from vcperf.analysis import compare, overhead
from vcperf.figures import overhead as figure
from vcperf.tables import netperf, pingpong

# With two decimals, as netperf prints: what is equal is so but for rounding.
VALUES = st.integers(100, 1_000_000).map(lambda hundredths: hundredths / 100)
BLOCKS = st.lists(VALUES, min_size=2, max_size=5)


def campaign(means, count, noise=1.0, seed=0):
    """One cell a mean, by message size."""
    return table(
        *(
            cell(scattered(mean, count, noise, seed + size), size=size)
            for size, mean in enumerate(means, start=1)
        )
    )


@given(BLOCKS, BLOCKS)
def test_permutations_are_counted_as_by_hand(one, other):
    pooled, observed = [*one, *other], abs(np.mean(one) - np.mean(other))
    extreme = arrangements = 0
    for chosen in itertools.combinations(range(len(pooled)), len(one)):
        rest = [v for i, v in enumerate(pooled) if i not in chosen]
        difference = abs(np.mean([pooled[i] for i in chosen]) - np.mean(rest))
        extreme += difference >= observed - 1e-7 * max(pooled)
        arrangements += 1
    found = compare.permutation_p(one, other)
    assert found == pytest.approx(extreme / arrangements)
    assert found == pytest.approx(compare.permutation_p(other, one))
    assert found >= compare.smallest_p(len(one), len(other)) - 1e-12


def test_random_permutations_agree_with_students_test():
    one, other = scattered(100, 20, 2), scattered(101, 20, 2, seed=5)
    found = compare.permutation_p(one, other)
    assert found == pytest.approx(stats.ttest_ind(one, other).pvalue, abs=0.02)
    assert compare.permutation_p(one, scattered(200, 20, 2)) == 1 / compare.MOST_EXACT


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=30))
def test_adjusted_as_scipy_does(p):
    assert compare.adjust(p) == pytest.approx(stats.false_discovery_control(p))


def test_a_change_is_found_among_many_cells():
    means = [100.0] * 20
    changed = [*means[:-1], 90.0]
    rows, only_a, only_b = compare.compare(campaign(means, 8), campaign(changed, 8, seed=50))
    assert (only_a, only_b) == ([], [])
    assert list(rows["verdict"]) == [compare.SAME] * 19 + [compare.CHANGED]
    assert rows["effect_percent"].iloc[-1] == pytest.approx(-10)


def test_a_sure_but_small_effect_is_no_change():
    rows, *_ = compare.compare(campaign([100], 8, 0.1), campaign([103], 8, 0.1, 50))
    assert rows["p"].item() < 0.001 and rows["verdict"].item() == compare.SAME


def test_an_interval_that_holds_0_is_no_change_however_small_p():
    wild = table(cell([99.0, 92.0, 75.0], size=1))  # all below, but anywhere
    rows, *_ = compare.compare(campaign([100], 8, 0.1), wild)
    assert rows["p"].item() < 0.01 and rows["verdict"].item() == compare.FEW


def test_three_blocks_tell_nothing_however_large_the_effect():
    rows, *_ = compare.compare(campaign([100] * 3, 3), campaign([50] * 3, 3, seed=50))
    assert set(rows["verdict"]) == {compare.FEW}
    assert rows["p"].min() == pytest.approx(0.1)


def test_blocks_that_suffice_for_one_cell_may_not_for_many():
    one, *_ = compare.compare(campaign([100], 4), campaign([100.5], 4, seed=50))
    many, *_ = compare.compare(campaign([100] * 44, 4), campaign([100.5] * 44, 4, seed=50))
    assert set(one["verdict"]) == {compare.SAME}
    assert set(many["verdict"]) == {compare.FEW}


def test_the_same_campaign_twice_seldom_changes():
    alarms = 0
    chance = np.random.default_rng(1)
    for _ in range(150):
        draw = [
            table(*(cell(chance.normal(100, 8, 6), size=size) for size in range(1, 9)))
            for _ in "ab"
        ]
        alarms += (compare.compare(*draw)[0]["verdict"] == compare.CHANGED).any()
    assert alarms / 150 < 0.09  # 5 %, and room for the chance of 150


# --- the command ---


def finished(folder, blocks, name="netperf"):
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    columns = {"netperf": netperf.COLUMNS, "pingpong": pingpong.COLUMNS}[name]
    others = {column: "x" for column in columns if column not in blocks}
    blocks.assign(**others).to_csv(folder / f"tables/{name}.csv", index=False)
    return str(folder)


def latencies(mean, seed=0):
    """A ping-pong of two sizes."""
    rows = [
        {"testbed": "netns", "pinning": "config2", "path": "c000->c010", "stack": "mpich"}
        | {"program": "pingpong", "load": load, "message_bytes": size, "status": "ok"}
        | {"block": block, "latency_us": value}
        for load in ("none", "ep")
        for size in (1, 1024)
        for block, value in enumerate(scattered(mean, 8, seed=seed + size), start=1)
    ]
    return pd.DataFrame(rows)


def run(*argv):
    return subprocess.run(
        [sys.executable, "scripts/compare_campaigns.py", *map(str, argv)],
        cwd=ROOT,
        env={"PYTHONPATH": "scripts", "MPLCONFIGDIR": str(ROOT / ".tools/matplotlib")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_tells_by_its_status_and_names_cells_of_one_campaign(tmp_path, capsys):
    a = finished(tmp_path / "a", campaign([100, 100, 100], 8))
    b = finished(tmp_path / "b", campaign([100, 80], 8, seed=50))
    assert compare_campaigns.main([a, a]) == 0
    assert "3 cells: 3 no change shown" in capsys.readouterr().out
    done = run(a, b, "--out", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    assert "2 cells: 1 changed, 1 no change shown" in done.stdout
    assert "only in A: netns config1 vc00->c010 TCP_STREAM 3" in done.stdout
    written = pd.read_csv(tmp_path / "out/changes.csv")
    assert list(written.columns) == compare.COLUMNS and len(written) == 2
    assert "changed: 1" in (tmp_path / "out/changes.svg").read_text()
    assert (tmp_path / "out/changes.png").stat().st_size > 1000


def test_too_few_blocks_are_said(tmp_path, capsys):
    a = finished(tmp_path / "a", campaign([100], 3))
    b = finished(tmp_path / "b", campaign([50], 3, seed=50))
    assert compare_campaigns.main([a, b]) == 0
    text = capsys.readouterr().out
    assert "1 too few blocks to tell" in text and "neither a change nor its absence" in text


def test_the_ping_pong_is_compared_too_alone_or_beside_netperf(tmp_path, capsys):
    a = finished(tmp_path / "a", latencies(20), "pingpong")
    b = finished(tmp_path / "b", latencies(30, seed=50), "pingpong")
    assert compare_campaigns.main([a, b, "--out", str(tmp_path / "out")]) == 1
    text = capsys.readouterr().out
    assert "4 cells: 4 changed" in text
    assert "netns config2 c000->c010 mpich pingpong ep 1024 " in text and "nan" not in text
    assert set(pd.read_csv(tmp_path / "out/changes.csv")["metric"]) == {"latency_us"}
    finished(tmp_path / "a", campaign([100], 8))
    finished(tmp_path / "b", campaign([100], 8, seed=50))
    assert compare_campaigns.main([a, b]) == 1
    assert "5 cells: 4 changed, 1 no change shown" in capsys.readouterr().out


def test_disturbed_blocks_count_and_are_told(tmp_path, capsys):
    blocks = campaign([100, 100], 8)
    a = finished(tmp_path / "a", blocks)
    blocks.loc[[0, 1], "status"] = "disturbed"
    b = finished(tmp_path / "b", blocks)
    assert compare_campaigns.main([a, b, "--out", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert text.count(", 2 disturbed") == 1 and "count as any other" in text
    assert list(pd.read_csv(tmp_path / "out/changes.csv")["doubtful"]) == [2, 0]
    assert "hollow: disturbed" in (tmp_path / "out/changes.svg").read_text()
    compare_campaigns.main([a, a])
    assert "disturbed" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["netperf", "pingpong"])
@pytest.mark.parametrize("column", ["message_bytes", "metric"])
def test_a_damaged_number_is_no_change(tmp_path, capsys, name, column):
    blocks = campaign([100], 3) if name == "netperf" else latencies(20)
    metric = {"netperf": "throughput_mbps", "pingpong": "latency_us"}[name]
    a = finished(tmp_path / "a", blocks, name)
    damaged = blocks.astype({metric: object, "message_bytes": object})
    column = metric if column == "metric" else column
    damaged.loc[1, column] = "1O0"
    b = finished(tmp_path / "b", damaged, name)
    assert compare_campaigns.main([a, b]) == 2
    told = capsys.readouterr()
    assert f"b/tables/{name}.csv: {column}: '1O0' is no number" in told.err
    assert len(told.err.splitlines()) == 1 and not told.out


def test_mistakes_end_with_2_and_a_line(tmp_path, capsys):
    a = finished(tmp_path / "a", campaign([100], 3))
    other = finished(tmp_path / "c", campaign([100], 3).assign(pinning="elsewhere"))
    (tmp_path / "d/tables").mkdir(parents=True)
    (tmp_path / "d/tables/netperf.csv").write_text("block\n1\n")
    (tmp_path / "e/tables").mkdir(parents=True)
    (tmp_path / "e/tables/netperf.csv").write_text("")
    for second, words in [
        (tmp_path / "none", "not there; give the results folder"),
        (other, "no cell in common"),
        (tmp_path / "d", "has no column"),
        (tmp_path / "e", "e/tables/netperf.csv: "),
    ]:
        assert compare_campaigns.main([a, str(second)]) == 2
        told = capsys.readouterr()
        assert words in told.err and len(told.err.splitlines()) == 1 and not told.out
    assert compare_campaigns.main([a, a, "--out", a + "/tables/netperf.csv"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert run(a).returncode == 2


def test_make_compare_wants_two_folders():
    done = subprocess.run(
        ["make", "-s", "compare", "A=x"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and "give two results folders" in done.stderr


# --- native against virtual ---


def test_overhead_is_the_ratio_to_the_baseline():
    blocks = table(
        cell(scattered(80), size=1),
        cell(scattered(100, seed=2), size=1, testbed="native"),
        cell(scattered(50), size=2),
        cell(scattered(50), size=3, testbed="native"),
        cell([np.nan] * 3, size=4, test="TCP_RR", transactions_per_s=30.0),
        cell([np.nan] * 3, size=4, test="TCP_RR", transactions_per_s=40.0, testbed="native"),
    )
    found = overhead.overhead(blocks).set_index("message_bytes")
    assert list(found.index) == [1, 4], "what both have"
    assert set(found["testbed"]) == {"netns"}
    assert found.loc[1, "ratio"] == pytest.approx(0.8)
    assert 0.77 < found.loc[1, "ratio_low"] < 0.8 < found.loc[1, "ratio_high"] < 0.83
    assert found.loc[4, "ratio"] == pytest.approx(0.75)
    assert found.loc[4, "metric"] == "transactions_per_s"


def test_overhead_tells_unstable_cells_of_either_side(tmp_path):
    steady, modes = scattered(80, 8, 0.1), [*scattered(60, 4, 0.1), *scattered(90, 4, 0.1)]
    blocks = table(
        *(cell(steady, size=size) for size in (1, 2, 3)),
        cell(steady, size=1, testbed="native"),
        cell(modes, size=2, testbed="native"),
        cell(steady, size=3, testbed="native", status="disturbed"),
    )
    found = overhead.overhead(blocks)
    assert list(found["unstable"]) == ["no", "yes", "yes"]
    assert list(found["doubtful"]) == [0, 0, 8]
    drawing = figure.draw(found)
    hollow = [line for line in drawing.axes[0].lines if line.get_markerfacecolor() == "white"]
    assert [len(line.get_xdata()) for line in hollow] == [2]
    assert "hollow: unstable" in drawing.get_suptitle()
    assert "hollow" not in figure.draw(found[:1]).get_suptitle()


def test_no_baseline_no_overhead():
    found = overhead.overhead(campaign([1], 3), "xen")
    assert not len(found) and list(found.columns) == overhead.COLUMNS
