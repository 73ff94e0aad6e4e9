"""A table is read as it was written: names that look like numbers, or like nothing, stay names."""

import importlib
import importlib.util
import json

import pandas as pd
import pytest
from blocks import cell, scattered, table
from conftest import ROOT

from vcperf import claims, config, kinds
from vcperf.analysis import claims as judged
from vcperf.figures import curves
from vcperf.tables import plan
from vcperf.tables.read import TEXT, read_table

ODD = ["None", "NA", "nan", "null", "7", "007", "1", "1.0", "inf", "True", "1_000", "-"]


def written(folder, *cells):
    """The blocks of some cells as a CSV file."""
    path = folder / "netperf.csv"
    table(*cells).to_csv(path, index=False)
    return path


def script(name):
    """A script of scripts/, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_name_comes_back(tmp_path):
    read = read_table(written(tmp_path, *(cell([1.5, 2.5], pinning=name) for name in ODD)))
    assert list(read["pinning"].unique()) == ODD
    assert read["throughput_mbps"].dtype == float and read["block"].dtype == "int64"
    assert read["transactions_per_s"].isna().all()


@pytest.mark.parametrize("name", kinds.KIND_OF)
def test_what_names_a_row_is_text(name):
    named = set(importlib.import_module(f"vcperf.tables.{name}").ORDER)
    assert named - {"message_bytes", "block", "samples", "percent"} <= set(TEXT)


def test_all_labels_are_text():
    assert set(plan.LABELS) - {"message_bytes"} <= set(TEXT)


def test_a_cell_of_every_name_is_summarised(tmp_path):
    blocks = written(tmp_path, *(cell(scattered(500), pinning=name) for name in ODD))
    (tmp_path / "plan.csv").write_text(",".join(plan.COLUMNS) + "\n")
    summarised = tmp_path / "summary.csv"
    script("summarise_netperf").main(blocks, tmp_path / "plan.csv", 2.5, summarised)
    summary = read_table(summarised)
    assert sorted(summary["pinning"]) == sorted(ODD) and (summary["blocks"] == 5).all()
    figure = {"where": {"test": "TCP_STREAM"}, "metrics": ["throughput_mbps"]}
    for name in ODD:
        assert len(curves.select(summary, figure, {"where": {"pinning": name}})) == 1


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
    campaign = {**config.read_yaml(ROOT / "config/config.yaml"), "pinnings": dict.fromkeys("12")}
    described = claims.read(str(tmp_path / "claims.yaml"), campaign)
    (row,) = judged.judge(described, {"netperf": read_table(path)}).to_dict("records")
    assert row["verdict"] == "supported", row["missing"]


def test_other_programs_get_text_for_names(tmp_path):
    read = read_table(written(tmp_path, cell([1, 2], pinning="007"), cell([1, 2], pinning="NA")))
    read.to_parquet(tmp_path / "netperf.parquet")
    columns = pd.read_parquet(tmp_path / "netperf.parquet")
    rows = json.loads(read.to_json(orient="records"))
    assert list(columns["pinning"]) == [row["pinning"] for row in rows] == ["007"] * 2 + ["NA"] * 2


def test_sizes_are_whole_numbers_though_some_rows_have_none(tmp_path, monkeypatch):
    """As in the plan of a campaign with a ping-pong: 120 there is 120 in netperf's table."""
    monkeypatch.chdir(tmp_path)
    default = config.read_yaml(ROOT / "config/config.yaml")
    script("write_plan").main(default, ["netns"], (0, 1), str(tmp_path / "plan.csv"))
    sizes = set(pd.read_csv(tmp_path / "plan.csv", dtype=str)["message_bytes"].dropna())
    assert {"120", "4096", "65536"} <= sizes and not any("." in size for size in sizes)
