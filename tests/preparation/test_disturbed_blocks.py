"""A campaign most of whose blocks were disturbed says so."""

import pandas as pd
import pytest
from helpers.blocks import cell, table

from vcperf.preparation import disturbed_blocks


@pytest.fixture
def tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results/tables"
    folder.mkdir(parents=True)
    return folder


def statuses(disturbed, ok):
    return table(cell([1.0] * disturbed, status="disturbed"), cell([1.0] * ok, "config2"))


@pytest.mark.parametrize(
    ("disturbed", "ok", "said"), [(9, 1, "9 of 10"), (6, 4, "6 of 10"), (5, 5, ""), (0, 3, "")]
)
def test_more_than_half_of_the_blocks_must_be_disturbed(tables, disturbed, ok, said):
    statuses(disturbed, ok).to_csv(tables / "netperf.csv", index=False)
    line = disturbed_blocks.report(["netperf", "bandwidth"])
    assert said in line and bool(said) == bool(line)
    assert "\n" not in line


def test_a_block_of_several_rows_counts_once(tables):
    labels = {"testbed": "netns", "pinning": "p", "path": "a->b", "stack": "s", "program": "x"}
    rows = [
        {**labels, "load": "ep", "block": block, "message_bytes": size, "status": status}
        for block, status in ((1, "disturbed"), (2, "ok"))
        for size in range(1, 10)
    ]
    pd.DataFrame(rows).to_csv(tables / "pingpong.csv", index=False)
    statuses(2, 0).to_csv(tables / "netperf.csv", index=False)
    assert "3 of 4" in disturbed_blocks.report(["netperf", "pingpong"])


def test_a_campaign_without_tables_says_nothing(tables):
    assert disturbed_blocks.report(["netperf"]) == ""
