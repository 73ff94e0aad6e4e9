"""Tables as a page has them."""

import base64
import gzip
import json

import pandas as pd
import pytest

from vcperf.report import packed
from vcperf.tables.read import typed


def unpacked(text):
    return json.loads(gzip.decompress(base64.b64decode(text)))


def test_a_table_is_packed_by_columns_with_six_digits():
    table = typed(
        pd.DataFrame({"pinning": ["a", "007"], "throughput_mbps": [1 / 3, None], "block": [1, 2]})
    )
    found = packed.packed_table("netperf", table)
    assert [column[:2] for column in found.columns] == [
        ("pinning", ""),
        ("throughput_mbps", "Mbit/s"),
        ("block", ""),
    ]
    assert found.columns[0][2] == "the campaign's name of the pinning"
    assert unpacked(found.data) == [["a", "007"], [0.333333, ""], [1, 2]]
    assert (found.rows, found.shown) == (2, 2)


def test_what_all_rows_repeat_is_no_column():
    table = pd.DataFrame({"testbed": ["netns"] * 2, "why": [None] * 2, "block": [1, 2]})
    found = packed.packed_table("netperf", table)
    assert found.same == {"testbed": "netns"} and found.empty == ("why",)
    assert [column[0] for column in found.columns] == ["block"]


def test_one_row_keeps_its_columns():
    found = packed.packed_table("claims", pd.DataFrame({"testbed": ["netns"]}))
    assert found.same == {} and unpacked(found.data) == [["netns"]]


@pytest.mark.parametrize(("most", "bytes_"), [(10, 10**6), (10**6, 2000)])
def test_a_table_that_is_too_large_is_cut(monkeypatch, most, bytes_):
    monkeypatch.setattr(packed, "MOST_ROWS", most)
    monkeypatch.setattr(packed, "MOST_BYTES", bytes_)
    table = pd.DataFrame({"symbol": [f"function{i * 7919 % 10007}" for i in range(2000)]})
    found = packed.packed_table("profile", table)
    assert found.rows == 2000 and 10 <= found.shown < 2000
    assert len(found.data) <= max(bytes_, 1000)
    assert unpacked(found.data) == [list(table["symbol"])[: found.shown]]


def test_values_that_json_lacks_are_texts():
    table = pd.DataFrame({"high_percent": [float("inf"), 1.0], "too_few": [True, False]})
    assert unpacked(packed.packed_table("x", table).data) == [["inf", 1], ["True", "False"]]
