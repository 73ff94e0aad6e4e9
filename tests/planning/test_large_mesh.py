"""A mesh in rounds is the same mesh, of the same blocks."""

import json

import pytest
from helpers.simulated import mesh_plan

from vcperf.errors import VcperfError
from vcperf.planning import large_mesh
from vcperf.planning.large_mesh import LargeMesh

ROUNDS = {"mesh": {"rounds": True}}
IPERF3 = {"paths": "all-pairs", "protocols": ["TCP"], "modes": ["forward"], "streams": [1]}
IPERF3 |= {"message_bytes": [65536], "duration_s": 1, "warmup_s": 0}


def told(blocks):
    """What decides a block and its place in the tables."""
    return {
        (b.record, b.spec_json, json.dumps(b.cell.labels, sort_keys=True), b.cell.link)
        for b in blocks
    }


@pytest.mark.parametrize("nodes", [2, 6, 7])
def test_its_blocks_are_those_of_a_mesh_that_is_laid_out(nodes):
    kind = {"nodes": nodes, "blocks": 2, "sizes": [1024, 65536]}
    plan, laid_out = mesh_plan(**kind, **ROUNDS), mesh_plan(**kind)
    assert told(plan.mesh) == told(laid_out.blocks)
    assert len(plan.mesh) == len(laid_out.blocks) == len(list(plan.mesh))
    assert plan.mesh.cells == len(laid_out.cells)
    assert laid_out.mesh is None


@pytest.mark.parametrize("nodes", [6, 7])
def test_a_round_has_each_node_in_one_pair_and_both_directions_of_it(nodes):
    mesh = mesh_plan(nodes, blocks=2, **ROUNDS).mesh
    assert len(mesh.rounds) == 2 * (nodes - 1 + nodes % 2)
    order = []
    for number in mesh.rounds:
        blocks = mesh.round(number)
        order += [block.order for block in blocks]
        first, second = blocks[: nodes // 2], blocks[nodes // 2 :]
        ends = [(b.cell.spec["sender"], b.cell.spec["receiver"]) for b in first]
        assert len({end for pair in ends for end in pair}) == 2 * (nodes // 2)
        assert [b.cell.labels["path"] for b in second] == [f"{b}->{a}" for a, b in ends]
        assert mesh[len(order) - 1] == blocks[-1]
    assert order == list(range(len(mesh)))


def test_what_is_written_for_jobs_makes_the_same_mesh():
    mesh = mesh_plan(5, sizes=[1024, 65536], **ROUNDS).mesh
    again = LargeMesh(**json.loads(json.dumps(mesh.content)))
    assert again.digest == mesh.digest and list(again) == list(mesh)


def test_the_order_depends_on_the_seed_alone():
    one, same, other = (list(told_in_order(seed)) for seed in (1, 1, 2))
    assert one == same != other and set(one) == set(other)


def told_in_order(seed):
    return (block.record for block in mesh_plan(6, seed=seed, **ROUNDS).mesh)


def test_a_thousand_nodes_are_a_round_a_matching():
    plan = mesh_plan(1000)
    assert len(plan.mesh) == 999_000 and len(plan.mesh.rounds) == 999
    assert len(plan.cells) == 1, "nobody has asked for the others"
    pairs = {frozenset(b.cell.spec["nodes"]) for i in (0, 998) for b in plan.mesh.round(i)}
    assert len(pairs) == 2 * 500


def test_a_hundred_nodes_are_laid_out_and_a_campaign_may_say_otherwise(monkeypatch):
    assert mesh_plan(100).mesh is None and mesh_plan(101).mesh
    assert mesh_plan(101, mesh={"rounds": False}).mesh is None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"nodes": 1001}, r"^netperf\.paths: 1001000 blocks in a mesh of 1001 nodes, more than"),
        ({"nodes": 50, "blocks": 500}, "1225000 blocks in a mesh of 50 nodes"),
        ({"nodes": 4, "iperf3": IPERF3}, "in rounds, and a campaign by itself"),
    ],
)
def test_a_mesh_that_cannot_be_had_is_refused_in_one_line(change, fault):
    with pytest.raises(VcperfError, match=fault):
        mesh_plan(**{**change, **ROUNDS})
    assert large_mesh.MOST_BLOCKS == 1_000_000
