"""A mesh is measured in perfect matchings: no node waits, and no node is in two measurements."""

import random

import pytest
from helpers.simulated import mesh_plan
from hypothesis import given
from hypothesis import strategies as st

from vcperf.planning.matchings import circle, meshes
from vcperf.planning.side_by_side import Unit, held, takes


@given(st.integers(2, 40))
def test_the_circle_method_joins_every_pair_once(count):
    names = [f"n{i}" for i in range(count)]
    found = list(circle(names))
    assert len(found) == count - 1 + count % 2
    for matching in found:
        nodes = [node for pair in matching for node in pair]
        assert len(nodes) == len(set(nodes)) == count - count % 2
    pairs = [pair for matching in found for pair in matching]
    assert len(pairs) == len(set(pairs)) == count * (count - 1) // 2


def turns_of(plan):
    turns = {}
    for block in sorted(plan.blocks, key=lambda block: block.order):
        turns.setdefault(block.turn, []).append(block)
    return list(turns.values())


def test_sixteen_nodes_are_fifteen_matchings_in_each_round():
    plan = mesh_plan(16, blocks=2)
    turns = turns_of(plan)
    assert len(turns) == 2 * 15
    for turn in turns:
        pairs = [frozenset(block.cell.spec["nodes"]) for block in turn]
        assert len(pairs) == 16 and len(set(pairs)) == 8
        assert len(frozenset().union(*pairs)) == 16, "each node is in one pair"
    first = {frozenset(frozenset(b.cell.spec["nodes"]) for b in turn) for turn in turns[:15]}
    second = {frozenset(frozenset(b.cell.spec["nodes"]) for b in turn) for turn in turns[15:]}
    assert first != second, "drawn anew in each round"


@pytest.mark.parametrize("jitter", [0.0, 0.1])
def test_sixteen_nodes_take_hardly_longer_than_the_ideal_number_of_rounds(jitter):
    """Each of the 15 matchings measures two directions: 30 times the duration of a block."""
    chance = random.Random(1)
    plan = mesh_plan(16)
    units = [Unit(b.turn, b.order, held(b.cell.spec["nodes"], {}), b) for b in plan.blocks]
    took, widest = takes(units, lambda unit: 1 + chance.uniform(-jitter, jitter), 16)
    assert widest == 8
    assert took <= 1.15 * 30
    alone, _ = takes(units, lambda unit: 1.0, 1)
    assert alone == 240


def test_a_set_of_paths_that_lacks_a_pair_is_no_mesh():
    cells = list(mesh_plan(5).cells)
    assert len(meshes(cells)) == 1
    nodes = set(cells[0].spec["nodes"])
    assert meshes([cell for cell in cells if set(cell.spec["nodes"]) != nodes]) == []


def test_each_size_is_a_mesh_of_its_own_and_their_matchings_are_mixed():
    plan = mesh_plan(6, sizes=[1024, 65536])
    sizes = [{b.cell.labels["message_bytes"] for b in turn} for turn in turns_of(plan)]
    assert len(sizes) == 2 * 5 and all(len(one) == 1 for one in sizes)
    assert sizes != sorted(sizes, key=min), "in the order of the sizes"


def test_the_order_depends_on_the_seed_alone():
    orders = [[b.order for b in mesh_plan(6, seed=seed).blocks] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
