"""Native against virtual, as a ratio."""

import numpy as np
import pytest
from helpers.blocks import by_size, cell, scattered, table

from vcperf.analysis import overhead
from vcperf.records import host_settings


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


def test_a_ratio_is_unstable_when_a_cell_of_either_side_is():
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


def test_without_a_baseline_there_is_no_overhead():
    found = overhead.overhead(by_size([1], 3), "xen")
    assert not len(found) and list(found.columns) == overhead.COLUMNS


def test_overhead_names_what_the_baseline_was_set_to_otherwise(tmp_path, monkeypatch):
    """On the places that both have; what one of them could not read is no difference."""
    monkeypatch.chdir(tmp_path)
    ours = {"cpu.governor": "powersave", "cpu.smt": "on", "clock.source": "xen", "cpu.turbo": None}
    bare = {"cpu.governor": "performance", "cpu.smt": "on", "clock.source": "tsc"}
    bare["cpu.turbo"] = "off"
    named = [host_settings.write("results", its) for its in (ours, bare, {"net.eth0.mtu": "1"})]
    blocks = table(
        cell(scattered(80), size=1, settings=f"node0={named[0]} node0/c000={named[2]}"),
        cell(scattered(80), size=1, testbed="native", settings=f"node0={named[1]}"),
        cell(scattered(80), size=2, settings=f"node0={named[1]}"),
        cell(scattered(80), size=2, testbed="native", settings=f"node0={named[1]}"),
        cell(scattered(80), size=3),
        cell(scattered(80), size=3, testbed="native"),
    )
    found = overhead.overhead(blocks)
    assert list(found["settings_differ"]) == ["clock.source cpu.governor", "", ""]


def test_overhead_says_pins_that_share_cores_on_either_side():
    bare = {"testbed": "native"}
    blocks = table(
        cell(scattered(80), size=1, shared_cores="no", numa_crossed="no"),
        cell(scattered(80), size=1, shared_cores="yes", numa_crossed="no", **bare),
        cell(scattered(80), size=2),
        cell(scattered(80), size=2, **bare),
    )
    found = overhead.overhead(blocks)
    pins = found[["shared_cores", "numa_crossed"]].astype(object)
    rows = pins.where(pins.notna(), None).to_numpy().tolist()
    assert rows == [["yes", "no"], [None, None]]
