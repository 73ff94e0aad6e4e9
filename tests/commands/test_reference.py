"""docs/reference is what the code's own vocabulary says."""

import pandas as pd
import pytest
from helpers.checkout import ROOT

from vcperf.commands import reference
from vcperf.config.files import read_yaml
from vcperf.errors import VcperfError
from vcperf.report import columns_page, keys_page
from vcperf.tables.columns import COLUMNS
from vcperf.tables.meanings import MEANINGS


@pytest.mark.parametrize("name", ["columns.md", "keys.md"])
def test_the_pages_are_up_to_date(name):
    """If not: `make reference`."""
    assert (ROOT / "docs/reference" / name).read_text() == reference.pages()[name]


def test_the_command_writes_the_pages(tmp_path, capsys):
    assert reference.main([str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"columns.md", "keys.md"}
    assert str(tmp_path / "keys.md") in capsys.readouterr().out


def test_every_column_has_a_meaning_and_no_other():
    assert set(MEANINGS) == set(COLUMNS)


def test_every_meaning_is_of_a_key():
    meanings = read_yaml(ROOT / "config/schemas/keys.yaml")
    for part in meanings:
        schema = "config" if part == "campaign" else part
        assert set(meanings[part]) == {key for key, _ in keys_page.keys_of(schema)}


def test_a_key_without_a_meaning_is_named(monkeypatch):
    monkeypatch.setattr(keys_page, "keys_of", lambda name: [("blocks.of", {"needed": True})])
    with pytest.raises(VcperfError, match=r"keys\.yaml: lacks blocks\.of; say there what it means"):
        keys_page.page()


def test_a_column_without_a_meaning_is_named(monkeypatch):
    monkeypatch.delitem(MEANINGS, "blocks")
    with pytest.raises(VcperfError, match=r"meanings\.py: lacks blocks; say there what it means"):
        columns_page.page({})


def test_the_tables_of_a_campaign_have_the_columns_of_the_page(finished):
    known = reference.tables()
    found = list((finished.folder / "results/tables").glob("*.csv"))
    assert len(found) > 2
    for table in found:
        assert list(pd.read_csv(table, nrows=0)) == list(known[table.stem]), table


def test_columns_of_summaries_are_told_once():
    page = columns_page.page({"netperf_summary": reference.tables()["netperf_summary"]})
    assert page.count("`METRIC_mean`") == 2  # of the table, and what it means
    assert "throughput_mbps_mean" not in page
