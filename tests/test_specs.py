"""A spec holds what decides a result, and nothing else; blocks come in whole shuffled rounds."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from test_config import plan_of

from vcperf import kinds
from vcperf.cell import canonical, spec_key
from vcperf.kinds import bandwidth
from vcperf.layout import Host


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


def estimates(change=None):
    section = {"paths": {"config1": ["vc00->c010"]}, "methods": ["pathload", "pathrate"]}
    cells = plan_of({"bandwidth": {**section, **(change or {})}}).cells
    return {c.labels["method"]: c for c in cells if c.kind == "bandwidth"}


def test_an_estimate_is_keyed_by_the_source_of_ours(monkeypatch, tmp_path):
    before = estimates()
    assert all(cell.spec["duration_s"] and cell.spec["source"] for cell in before.values())
    (tmp_path / "search.py").write_text("# another one\n")
    monkeypatch.setattr(bandwidth, "SOURCES", tmp_path)
    assert all(cell.name != before[method].name for method, cell in estimates().items())


def test_a_sites_own_estimator_is_keyed_by_neither_source_nor_duration(monkeypatch, tmp_path):
    own = {"programs": {"pathload": {"sender": "/bin/a", "receiver": "/bin/b"}}}
    spec = estimates(own)["pathload"].spec
    assert "source" not in spec and "duration_s" not in spec
    assert "source" in estimates(own)["pathrate"].spec
    monkeypatch.setattr(bandwidth, "SOURCES", tmp_path)
    longer = {**own, "duration_s": {"pathload": 30}}
    assert estimates(longer)["pathload"].spec == spec
    block = next(b for b in plan_of({"bandwidth": own}).blocks if b.cell.kind == "bandwidth")
    assert kinds.seconds(block) > 0


def test_nodes_have_cpus_of_their_own_where_the_host_has_enough():
    crowded, roomy = plan_of({}, Host("netns", (0, 1))), plan_of({}, Host("netns", (0, 1, 2, 3)))
    across = [c for c in crowded.cells if c.labels["path"] == "vc00->c010"]
    assert all(cell.shared_cpus for cell in across)
    assert not any(c.shared_cpus for c in crowded.cells if c.labels["path"] == "c000->c001")
    assert not any(cell.shared_cpus for cell in roomy.cells)
    nodes = next(c for c in roomy.cells if c.labels["path"] == "vc00->c010").spec["nodes"]
    assert nodes["node1"]["domains"]["c010"] == [[3], [3]]


def test_a_spec_holds_no_label():
    """The pinning's name, the seed and the titles decide no result."""
    for cell in plan_of({}).cells:
        text = canonical(cell.spec)
        assert cell.labels["pinning"] not in text and "seed" not in text and "title" not in text


def test_only_netns_across_nodes_has_a_link():
    netns, native = plan_of({}), plan_of({}, Host("native", (0, 1)))
    assert {c.labels["path"] for c in netns.cells if "link_mbps" in c.spec} == {
        "vc00->c010",
        "c000->c010",
        "c000->c011",
    }
    assert not any("link_mbps" in c.spec for c in native.cells)


def test_the_order_is_the_seeds_and_every_round_is_whole():
    orders = {}
    for seed in (1, 1, 2):
        blocks = sorted(plan_of({"seed": seed}).blocks, key=lambda b: b.order)
        assert [b.order for b in blocks] == list(range(len(blocks)))
        assert [b.number for b in blocks] == sorted(b.number for b in blocks)
        orders.setdefault(seed, set()).add(tuple(b.cell.name for b in blocks))
    assert len(orders[1]) == 1 and orders[1] != orders[2]


json_values = st.recursive(
    st.integers() | st.text() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, min_size=1), st.randoms())
@settings(max_examples=50)
def test_a_key_is_of_the_content_and_not_of_its_order(spec, chance: random.Random):
    items = list(spec.items())
    chance.shuffle(items)
    assert spec_key(dict(items)) == spec_key(spec)
    changed = {**spec, items[0][0]: [items[0][1]]}
    if items[0][0] != "block":
        assert spec_key(changed) != spec_key(spec)
