"""What a campaign's own results decide: numbers of blocks, and points of the ping-pong."""

import os

import pytest
from helpers.config import DEFAULT
from helpers.plans import plan_of

from vcperf.config import campaign_file
from vcperf.errors import VcperfError
from vcperf.planning import choices


def test_a_count_only_ever_adds_to_what_is_configured():
    name = plan_of({}).cells[0].name
    more, same, fewer = (plan_of({"blocks": 3}, counts={name: n}).cells[0] for n in (5, 3, 2))
    assert (more.blocks, more.sequential) == (5, True)
    assert (same.blocks, same.sequential) == (3, True)
    assert (fewer.blocks, fewer.sequential) == (3, False)
    assert more.name == name, "no record is keyed by how many there are"
    assert plan_of({}, counts={"of another configuration": 9}) == plan_of({})


def test_counts_are_read_back_and_rubbish_is_named(tmp_path):
    path = str(tmp_path / "new/blocks.json")
    assert choices.read(path) == {}
    choices.write({"b": 2, "a": 1}, path)
    assert choices.read(path) == {"a": 1, "b": 2}
    assert os.listdir(tmp_path / "new") == ["blocks.json"]
    for rubbish in ("{", "[]", '{"a": "1"}', '{"a": true}'):
        (tmp_path / "new/blocks.json").write_text(rubbish)
        with pytest.raises(VcperfError, match=r"blocks\.json: not .*delete it"):
            choices.read(path)


def profiled(config):
    """The ping-pongs to profile, as point -> message size, and all other records."""
    records = [(b.cell, b.record) for b in plan_of(config).blocks]
    points = {c.labels["point"]: c.labels["message_bytes"] for c, _ in records if is_point(c)}
    return points, {record for cell, record in records if not is_point(cell)}


def is_point(cell):
    return cell.kind == "profile" and cell.labels["workload"] == "pingpong"


def test_points_picked_replace_the_configurations_and_nothing_else(tmp_path):
    default = campaign_file.checked(DEFAULT)
    path = str(tmp_path / "points.json")
    assert choices.with_points(default, path) == default
    choices.write({"A": 256, "B": 512}, path)
    points, others = profiled(choices.with_points(default, path))
    assert points == {"A": 256, "B": 512}
    assert (points, others) != profiled(default) and others == profiled(default)[1]
    choices.write({"A": 0, "B": 512}, path)
    with pytest.raises(VcperfError, match=r"points\.json: a message has at least 1 byte"):
        choices.with_points(default, path)
