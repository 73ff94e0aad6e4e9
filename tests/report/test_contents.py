"""What a report takes from a results folder."""

import json

import pytest
from helpers.report_folders import blocks_of, tables_of, written

from vcperf.errors import VcperfError
from vcperf.report import contents


@pytest.fixture(scope="module")
def tables():
    return tables_of(blocks_of(["a->b"], [1, 2], 5))


def test_tables_figures_and_provenance_are_read(tmp_path, tables):
    folder = written(tmp_path, tables, ("zebra", "claims", "ant"), config={"target_percent": 5})
    found = contents.read(folder)
    assert list(found.tables) == list(tables)
    assert list(found.figures) == ["claims", "ant", "zebra", "flame_one"]
    assert found.target_percent == 5


def test_a_table_of_an_earlier_campaign_is_left_out(tmp_path, tables):
    folder = written(tmp_path, tables)
    (tmp_path / "tables/overhead.csv").write_text("testbed,ratio\nnetns,1\n")
    assert "overhead" not in contents.read(folder).tables


def test_without_provenance_all_tables_are_taken(tmp_path, tables):
    folder = written(tmp_path, tables)
    (tmp_path / "provenance.json").unlink()
    found = contents.read(folder)
    assert set(found.tables) == set(tables) and found.provenance is None
    assert found.target_percent == 2.5


def test_a_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(VcperfError, match=r"tables: no tables there; run `make figures`"):
        contents.read(str(tmp_path))


@pytest.mark.parametrize("text", ["{", json.dumps([1]), "\x00"])
def test_damaged_provenance_is_refused_by_name(tmp_path, tables, text):
    folder = written(tmp_path, tables)
    (tmp_path / "provenance.json").write_text(text)
    with pytest.raises(
        VcperfError, match=r"provenance\.json: .*; delete it and run `make figures`"
    ):
        contents.read(folder)
