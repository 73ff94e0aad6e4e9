"""Specs of a finished campaign's cells, by its plan and its records."""

import pandas as pd
import pytest
from helpers.blocks import by_size
from helpers.results_folders import finished, planned

from vcperf import kinds
from vcperf.analysis import compare
from vcperf.commands import results_folder


def difference(a, b):
    cells = compare.cells(results_folder.read(a))
    specs = results_folder.Specs(a), results_folder.Specs(b)
    return [results_folder.spec_difference(*specs, cell) for cell in cells]


def test_equal_specs_do_not_differ(tmp_path):
    a, b = (planned(tmp_path / name, by_size([100, 100], 3)) for name in "ab")
    assert difference(a, b) == ["", ""]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"duration_s": 2}, "duration_s 1 -> 2"),
        (
            {"nodes": {"node0": {"domains": {"vc00": [[1]]}}}},
            "nodes.node0.domains.vc00 [[0]] -> [[1]]",
        ),
        ({"link_mbps": None}, "link_mbps none -> null"),
    ],
)
def test_a_difference_is_named_with_both_values(tmp_path, changed, words):
    a = planned(tmp_path / "a", by_size([100], 3))
    b = planned(tmp_path / "b", by_size([100], 3), **changed)
    assert difference(a, b) == [words]


def test_without_its_records_a_difference_is_known_by_the_digests(tmp_path):
    a = planned(tmp_path / "a", by_size([100], 3))
    b = planned(tmp_path / "b", by_size([100], 3), with_records=False, duration_s=2)
    (words,) = difference(a, b)
    one, _, other = words.split()[:3]
    assert len(one) == len(other) == 12 and one != other and "not there" in words


def test_without_a_plan_nothing_is_known(tmp_path):
    a = finished(tmp_path / "a", by_size([100], 3))
    b = planned(tmp_path / "b", by_size([100], 3))
    assert not results_folder.Specs(a).known and results_folder.Specs(b).known
    assert difference(a, b) == [""]


def test_a_folder_of_an_earlier_version_is_read_and_has_the_same_cells(tmp_path):
    blocks = by_size([100], 3)
    new = planned(tmp_path / "new", blocks)
    old = planned(tmp_path / "old", blocks, duration_s=2)
    for name, usual in (("netperf", kinds.CARDS["netperf"].usual), ("plan", ("streams", "load"))):
        path = tmp_path / f"old/tables/{name}.csv"
        pd.read_csv(path).drop(columns=list(usual)).to_csv(path, index=False)
    assert difference(new, old) == ["duration_s 1 -> 2"]
