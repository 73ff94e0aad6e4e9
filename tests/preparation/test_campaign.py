"""A campaign is ready when its configuration, hosts and files fit together."""

import json
import os

import pytest
from helpers.checkout import ROOT
from helpers.config import DEFAULT, DEFAULT_FILE

from vcperf.config import files
from vcperf.errors import VcperfError
from vcperf.records import git_state
from vcperf.testbeds.netns import NetnsTestbed


@pytest.mark.parametrize("key", ["claims", "figures"])
def test_a_file_that_is_not_there_is_named_with_the_key_that_names_it(tmp_path, prepare, key):
    sources = [DEFAULT_FILE, tmp_path / "mine.yaml"]
    (tmp_path / "mine.yaml").write_text(f"{key}: none.yaml")
    with pytest.raises(VcperfError, match=rf"mine.yaml: {key}: there is no file 'none.yaml'"):
        prepare(files.merge(DEFAULT, {key: "none.yaml"}), sources)


def test_the_context_of_blocks_has_the_commit_and_no_spec_has_it(monkeypatch, prepare):
    """In the context, which is part of no key."""
    monkeypatch.setattr(git_state, "state", lambda root: {"commit": f"of {root}", "dirty": False})
    ready = prepare(DEFAULT, [DEFAULT_FILE])
    context = json.loads(os.environ["VCPERF_CONTEXT"])
    assert context["code"] == {"commit": f"of {ROOT}", "dirty": False}
    assert context["quiet"] == {"wait_s": 2}
    assert "commit" not in json.dumps([block.spec_json for block in ready.plan.blocks])


def test_a_series_can_ask_for_a_curve_of_the_baseline(tmp_path, monkeypatch, prepare):
    monkeypatch.setattr(NetnsTestbed, "host_fault", lambda: "")
    described = files.read_yaml(ROOT / "config/figures.yaml")
    series = {"label": "bare", "where": {"testbed": "native", "path": "c000->c001"}}
    described["figures"] = {
        "one": {**described["figures"]["figure3"], "series": [series, {**series, "where": {}}]}
    }
    (tmp_path / "figures.yaml").write_text(json.dumps(described))
    raw = files.merge(DEFAULT, {"figures": str(tmp_path / "figures.yaml")})
    ready = prepare(raw, [DEFAULT_FILE])
    assert ready.baseline == "native"
    figure = ready.figures["one"]
    wheres = [{**figure["where"], **one["where"]} for one in figure["series"]]
    assert [where["testbed"] for where in wheres] == ["native", "netns"]
    assert {band["where"]["testbed"] for band in figure["bands"]} == {"netns"}
    parts = [part for claim in ready.claims.values() for part in claim["parts"]]
    assert {part["where"]["testbed"] for part in parts} == {"netns"}
