"""Missing blocks, divided among jobs."""

import json
from dataclasses import replace

import pytest
from helpers.config import DEFAULT

from vcperf.planning import planner
from vcperf.planning.cell import Block
from vcperf.preparation import job_lists
from vcperf.preparation.hosts import host_of


@pytest.fixture
def blocks():
    return planner.plan(DEFAULT, host_of("netns", (0, 1))).blocks[:50]


def at(block: Block, *destinations: str) -> Block:
    """The block, as if its nodes were hosts reached by ssh."""
    nodes = {f"node{i}": {"ssh": name, "domains": {}} for i, name in enumerate(destinations)}
    cell = block.cell
    spec = {**cell.spec, "nodes": nodes}
    return Block(replace(cell, spec=spec), block.number, 0)


def test_every_block_is_in_one_job_in_the_order_of_the_campaign(blocks):
    lists = job_lists.lists(blocks, 20, ["n0"], "{}")
    assert [len(one["blocks"]) for one in lists.values()] == [20, 20, 10]
    records = [block["record"] for one in lists.values() for block in one["blocks"]]
    assert records == [b.record for b in sorted(blocks, key=lambda block: block.order)]
    assert json.loads(next(iter(lists.values()))["blocks"][0]["spec"])["kind"]


def test_jobs_take_the_named_nodes_in_turn(blocks):
    lists = job_lists.lists(blocks, 20, ["n0", "n1"], "{}").values()
    assert [one["slurm_extra"] for one in lists] == [
        f"--exclusive --nodelist={name}" for name in ("n0", "n1", "n0")
    ]


def test_blocks_on_different_hosts_are_in_different_jobs(blocks):
    pairs = [("root@a", "b"), ("c", "d"), ("root@a", "b")]
    moved = [at(block, *pair) for block, pair in zip(blocks, pairs, strict=False)]
    lists = job_lists.lists(moved, 20, [], "{}").values()
    assert [(one["hosts"], one["nodes"], len(one["blocks"])) for one in lists] == [
        ("a,b", 2, 2),
        ("c,d", 2, 1),
    ]


def test_a_job_has_the_time_of_its_blocks_twice_and_that_of_its_start(blocks):
    (one,) = job_lists.lists(blocks[:1], 20, ["n0"], "{}").values()
    assert one["minutes"] in (6, 7)


def test_the_same_blocks_make_the_same_jobs(blocks):
    assert job_lists.lists(blocks, 7, ["n"], "{}") == job_lists.lists(blocks, 7, ["n"], "{}")
