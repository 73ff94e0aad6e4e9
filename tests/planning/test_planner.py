"""Cells and blocks of a plan: shuffled in whole rounds, on all testbeds, each named once."""

import itertools

import pytest
from helpers.plans import plan_of

from vcperf.errors import VcperfError
from vcperf.planning import matrix
from vcperf.preparation import hosts

BOTH = [hosts.host_of("netns", (0, 1)), hosts.host_of("native", (0, 1))]


def test_two_cells_with_the_same_labels_are_refused(monkeypatch):
    cells = matrix.cells
    monkeypatch.setattr(matrix, "cells", lambda *asked: 2 * list(cells(*asked)))
    with pytest.raises(VcperfError, match=r"netperf: two cells on netns are called config1 vc00->"):
        plan_of({})


def test_a_whole_number_is_one_however_it_is_written():
    whole = {
        "blocks": 3,
        "pinnings": {"config1": {"node0": {"c000": [1, 1]}}},
        "netperf": {"duration_s": 1, "message_bytes": [1024]},
        "netns": {"link_mbps": 1000},
    }
    points = {
        "blocks": 3.0,
        "pinnings": {"config1": {"node0": {"c000": [1.0, 1]}}},
        "netperf": {"duration_s": 1.0, "message_bytes": [1024.0]},
        "netns": {"link_mbps": 1000.0},
    }
    assert plan_of(points) == plan_of(whole)
    assert [c.name for c in plan_of(points).cells] == [c.name for c in plan_of(whole).cells]


def test_the_seed_decides_the_order_and_every_round_is_whole():
    orders = {}
    for seed in (1, 1, 2):
        blocks = sorted(plan_of({"seed": seed}).blocks, key=lambda b: b.order)
        assert [b.order for b in blocks] == list(range(len(blocks)))
        assert [b.number for b in blocks] == sorted(b.number for b in blocks)
        orders.setdefault(seed, set()).add(tuple(b.cell.name for b in blocks))
    assert len(orders[1]) == 1 and orders[1] != orders[2]


def test_the_default_adds_a_baseline_and_changes_no_other_record():
    alone, both = plan_of({}), plan_of({}, BOTH)
    kept = {b.record for b in both.blocks if b.cell.spec["testbed"] == "netns"}
    assert kept == {block.record for block in alone.blocks}
    added = [c for c in both.cells if c.spec["testbed"] == "native"]
    assert {c.kind for c in added} == {"netperf"}
    assert {c.labels["message_bytes"] for c in added} == {65536}
    assert {(c.labels["pinning"], c.labels["path"]) for c in added} == {
        (f"config{n}", path) for n in (1, 2, 3) for path in ("vc00->c000", "c000->c001")
    }


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        ({"paths": None, "message_bytes": None}, 33),
        ({"paths": None, "message_bytes": [120]}, 11),
        ({"paths": ["c000 -> c001"], "message_bytes": None}, 9),
        ({"pinnings": ["config1"], "paths": None, "message_bytes": [120, 7]}, 4),
        ({"measurements": ["netperf", "bandwidth"], "message_bytes": [120]}, 6 + 2),
        ({"testbed": "xen"}, 33 + 3 + 4 + 4),
    ],
)
def test_the_baseline_has_the_cells_that_it_selects(baseline, expected):
    cells = plan_of({"baseline": baseline}, BOTH).cells
    assert len([c for c in cells if c.spec["testbed"] == "native"]) == expected


def test_a_testbed_alone_is_measured_whole():
    assert len(plan_of({}, [hosts.host_of("native", (0, 1))]).cells) == len(plan_of({}).cells)


def test_every_round_holds_all_testbeds():
    blocks = sorted(plan_of({"bandwidth": None}, BOTH).blocks, key=lambda block: block.order)
    assert [b.number for b in blocks] == sorted(b.number for b in blocks)
    where = [b.cell.spec["testbed"] for b in blocks if b.number == 2]
    changes = sum(one != other for one, other in itertools.pairwise(where))
    assert changes > 10, "shuffled together"
