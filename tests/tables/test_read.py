"""A table is read as it was written: names that look like numbers, or like nothing, stay names."""

import pandas as pd
import pytest
from helpers.blocks import cell, scattered, table
from helpers.config import DEFAULT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcperf.analysis import claims as judged
from vcperf.analysis import summary
from vcperf.config import claims_file
from vcperf.errors import VcperfError
from vcperf.figures import curves
from vcperf.tables import plan
from vcperf.tables.read import read_table, typed
from vcperf.tables.write import write_table

ODD = ["None", "NA", "nan", "null", "7", "007", "1", "1.0", "inf", "True", "1_000", "-", "a\rb"]
NAMES = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
# A row of every type; large counts as they are where none is missing.
ROWS = st.lists(
    st.tuples(
        NAMES,
        st.none() | st.integers(0, 2**53),
        st.none() | st.floats(allow_nan=False),
        st.integers(0, 2**63 - 1),
        st.booleans(),
    ),
    max_size=5,
)


def written(folder, *cells):
    """The blocks of some cells as a CSV file."""
    path = folder / "netperf.csv"
    write_table(table(*cells), path)
    return path


@given(ROWS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_table_comes_back_as_it_was_written(tmp_path, rows):
    names = ["pinning", "lost_samples", "latency_us", "bytes_moved", "too_few"]
    write_table(pd.DataFrame(rows, columns=names), tmp_path / "any.csv")
    read = read_table(tmp_path / "any.csv").astype(object)
    read = read.where(read.notna(), None)
    assert [tuple(row) for row in read.to_numpy()] == rows


def test_every_name_comes_back(tmp_path):
    read = read_table(written(tmp_path, *(cell([1.5, 2.5], pinning=name) for name in ODD)))
    assert list(read["pinning"].unique()) == ODD
    assert read["throughput_mbps"].dtype == float and read["block"].dtype == "int64"
    assert read["transactions_per_s"].isna().all()


def test_counts_stay_whole_numbers_though_some_are_missing(tmp_path):
    found = pd.DataFrame(
        {"block": [1, 2], "lost_samples": [3.0, None], "message_bytes": ["", "120"]}
    )
    write_table(found, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "block,lost_samples,message_bytes\n1,3,\n2,,120\n"
    read = read_table(tmp_path / "x.csv")
    assert list(map(str, read.dtypes)) == ["int64", "Int64", "Int64"]


def test_older_tables_whose_counts_have_a_point_are_read(tmp_path):
    (tmp_path / "x.csv").write_text("block,lost_samples\n1,3.0\n2,\n")
    assert read_table(tmp_path / "x.csv")["lost_samples"].sum() == 3


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("block\n1\n2.5\n", "block: '2.5' is not a whole number"),
        ("block\n1\ninf\n", "block: 'inf' is not a whole number"),
        ("latency_us\n1\n1O0\n", "latency_us: '1O0' is not a number"),
        ("too_few\nyes\n", "too_few: 'yes' is not True or False"),
        ("", ""),
        ("block\n1,2,3\n1,2,3,4\n", ""),
    ],
)
def test_a_damaged_table_is_an_error_that_names_file_column_and_value(tmp_path, text, fault):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(VcperfError) as refused:
        read_table(tmp_path / "x.csv")
    assert str(refused.value).startswith(f"{tmp_path}/x.csv: {fault}")


def test_the_columns_of_an_empty_table_have_types():
    found = typed(pd.DataFrame(columns=["pinning", "block", "latency_us", "too_few"]))
    assert list(map(str, found.dtypes)) == ["str", "int64", "float64", "bool"]


def test_a_cell_of_every_name_is_summarised(tmp_path):
    blocks = read_table(written(tmp_path, *(cell(scattered(500), pinning=name) for name in ODD)))
    no_plan = pd.DataFrame(columns=plan.COLUMNS)
    made = summary.tables({"netperf": blocks, "plan": no_plan}, 2.5)["netperf_summary"]
    write_table(made, tmp_path / "summary.csv")
    read = read_table(tmp_path / "summary.csv")
    assert sorted(read["pinning"]) == sorted(ODD) and (read["blocks"] == 5).all()
    figure = {"where": {"test": "TCP_STREAM"}, "metrics": ["throughput_mbps"]}
    for name in ODD:
        assert len(curves.select(read, figure, {"where": {"pinning": name}})) == 1


def test_a_claim_on_names_like_numbers_is_judged(tmp_path):
    """All pinnings alike: the column would be one of whole numbers."""
    names = {"1": 700, "2": 400}
    path = written(tmp_path, *(cell(scattered(v), pinning=name) for name, v in names.items()))
    (tmp_path / "claims.yaml").write_text(
        """
        claims:
          mine:
            states: less
            parts:
              - {says: less, metric: throughput_mbps, where: {path: vc00->c010},
                 of: {pinning: 2}, against: {pinning: '1'}, expect: lower}
        """
    )
    campaign = {**DEFAULT, "pinnings": dict.fromkeys("12")}
    described = claims_file.read(str(tmp_path / "claims.yaml"), campaign, ["netns"])
    (row,) = judged.judge(described, {"netperf": read_table(path)}).to_dict("records")
    assert row["verdict"] == "supported", row["missing"]
