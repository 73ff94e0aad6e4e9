"""Names are labels: whoever changes one measures nothing."""

import json
import shutil
from pathlib import Path

import pytest
from helpers.config import DEFAULT
from helpers.plans import HOST
from helpers.renaming import renamed, write_records

from vcperf.config import campaign_file, files
from vcperf.planning import homes, planner
from vcperf.preparation.hosts import host_of
from vcperf.records import record

BOTH = (HOST, host_of("native", (0, 1)))
RENAMED = {
    "a stack": {"mpich": "wheel"},
    "two stacks, each as the other": {"mpich": "openmpi", "openmpi": "mpich"},
    "the points": {"A": "small", "B": "large"},
    "the points, each as the other": {"A": "B", "B": "A"},
    "a node": {"node1": "a_node"},
    "a guest": {"c000": "zz"},
    "a dom0": {"vc10": "aa"},
    "two guests, each as the other": {"c010": "c011", "c011": "c010"},
    "a pinning": {"config2": "beside"},
    "a cluster": {"vc0": "first"},
    "all": {"node0": "x", "node1": "w", "vc00": "b", "vc10": "a", "c000": "p", "c001": "o"},
}


def planned(config, hosts=BOTH):
    clean = campaign_file.checked(config)
    return planner.plan(clean, hosts, settle=homes.settled)


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """The plan of the default configuration, of which every block has its record."""
    monkeypatch.chdir(tmp_path)
    plan = planned(DEFAULT)
    write_records(plan, tmp_path)
    return plan


@pytest.mark.parametrize("what", RENAMED)
def test_other_names_measure_nothing(measured, what):
    plan = planned(renamed(DEFAULT, RENAMED[what]))
    assert [block for block in plan.blocks if not block.measured] == []
    assert len({block.record for block in plan.blocks}) == len(measured.blocks)


def test_a_cell_that_has_records_stays_where_it_is(measured):
    assert [cell.home for cell in measured.cells] == [""] * len(measured.cells)
    assert [cell.home for cell in planned(DEFAULT).cells] == [""] * len(measured.cells)


def test_a_cell_measured_under_both_names_has_its_own_records(measured):
    config = renamed(DEFAULT, {"c000": "zz", "mpich": "wheel"})
    both = planner.plan(campaign_file.checked(config), BOTH)
    write_records(both, Path())
    assert [block.record for block in planned(config).blocks] == [b.record for b in both.blocks]


def test_a_block_more_joins_the_records_of_older_names(measured):
    config = renamed(DEFAULT, {"c000": "zz", "mpich": "wheel"})
    more = planned(files.merge(config, {"blocks": 6}))
    missing = [block for block in more.blocks if not block.measured]
    netperf = [cell for cell in measured.cells if cell.kind == "netperf"]
    assert {block.number for block in missing} == {6}
    assert {block.cell.name for block in missing} == {cell.name for cell in netperf}


def test_what_decides_a_result_is_measured_under_any_name(measured):
    config = renamed(DEFAULT, {"c000": "zz"})
    config["pinnings"]["config1"]["node0"]["zz"] = 0
    missing = {block.cell.kind for block in planned(config).blocks if not block.measured}
    assert missing == {"netperf", "bandwidth", "profile"}
    assert all(
        b.cell.labels["pinning"] == "config1" for b in planned(config).blocks if not b.measured
    )


def test_two_cells_never_share_the_records_of_one(measured):
    """Two pairs of guests that differ in names alone are two cells, of which one was measured."""
    config = files.merge(
        DEFAULT,
        {
            "baseline": None,
            "bandwidth": None,
            "pingpong": None,
            "profile": None,
            "netperf": {"paths": {"config1": ["c000->c001", "c010->c011"]}},
        },
    )
    plan = planned(config, HOST)
    within = [b for b in plan.blocks if b.cell.labels["pinning"] == "config1"]
    missing = [block for block in within if not block.measured]
    assert len(missing) * 2 == len(within)
    assert {block.cell.labels["path"] for block in missing} == {"c010->c011"}
    shutil.rmtree("results/raw/netns/netperf")
    write_records(plan, Path())
    assert all(block.measured for block in planned(config, HOST).blocks)


def test_records_that_are_deleted_are_measured_where_their_names_of_today_say(measured):
    shutil.rmtree("results/raw")
    plan = planned(renamed(DEFAULT, {"mpich": "wheel"}))
    assert not any(block.measured for block in plan.blocks)
    assert any("/wheel_pingpong_ep_" in block.record for block in plan.blocks)


def test_a_folder_of_damaged_or_foreign_files_is_nobodys(measured):
    name = next(cell.name for cell in measured.cells if "mpich_pingpong_ep" in cell.name)
    folder = Path("results/raw/netns/pingpong", name)
    for file in folder.iterdir():
        file.write_text("{")
    plan = planned(renamed(DEFAULT, {"mpich": "wheel"}))
    missing = [block for block in plan.blocks if not block.measured]
    assert {block.cell.labels["load"] for block in missing} == {"ep"} and len(missing) == 3
    for content in ({}, {"spec": 1}, {"spec": {}}, {"spec": {"nodes": {"a": 1}}}):
        for file in folder.iterdir():
            file.write_text(json.dumps({"format": record.FORMAT, **content}))
        again = planned(renamed(DEFAULT, {"mpich": "wheel"})).blocks
        assert len([block for block in again if not block.measured]) == 3
