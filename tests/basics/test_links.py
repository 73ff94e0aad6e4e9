"""Links that several nodes share."""

from vcperf.basics.links import crossed

LINKS = {"uplink": ["a", "b"], "nic": ["a"]}


def test_a_link_is_crossed_by_what_has_nodes_on_both_sides():
    assert crossed(["a", "c"], LINKS) == ["uplink", "nic"]
    assert crossed(["a", "b"], LINKS) == ["nic"]
    assert crossed(["b", "c"], LINKS) == ["uplink"]


def test_a_link_is_not_crossed_by_what_is_on_one_side():
    assert crossed(["c", "d"], LINKS) == [] == crossed(["b"], LINKS) == crossed([], LINKS)
