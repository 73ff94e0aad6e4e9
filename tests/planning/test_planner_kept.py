"""Records that were measured stay those of the same configuration: tests/data/records has one of
each sort, as a campaign left them, and its configuration."""

import json

import pytest
from helpers.checkout import ROOT
from helpers.plans import HOST
from helpers.renaming import renamed
from helpers.results_folders import whole

from vcperf.config import campaign_file, files
from vcperf.planning import homes, planner
from vcperf.preparation.hosts import host_of
from vcperf.records import record

FOLDER = ROOT / "tests/data/records"
KEPT = json.loads((FOLDER / "specs.json").read_text())
NAMES = {"mpich": "wheel", "openmpi": "mpich", "node0": "z", "vc00": "y", "c000": "x", "A": "a"}


def plan_of(names):
    config = renamed(files.read_yaml(FOLDER / "config.yaml"), names)
    clean = campaign_file.checked(config)
    return planner.plan(clean, (HOST, host_of("native", (0, 1))), settle=homes.settled)


@pytest.mark.parametrize("names", [{}, NAMES], ids=["the same names", "other names"])
def test_older_records_are_found(names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path, spec in KEPT.items():
        record.write(path, whole(spec))
    found = {block.record: block for block in plan_of(names).blocks}
    assert set(found) >= set(KEPT)
    if not names:
        assert {path: json.loads(found[path].spec_json) for path in KEPT} == KEPT
