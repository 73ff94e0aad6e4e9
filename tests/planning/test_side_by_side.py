"""Which blocks start at the same time, and how long a campaign then takes."""

import random

from hypothesis import given
from hypothesis import strategies as st

from vcperf.planning.side_by_side import ALL_CORES, Unit, held, startable, takes

NODES = "abcdef"
pairs = st.lists(st.sampled_from(NODES), min_size=1, max_size=2, unique=True)


def units(turns):
    """Units from a list of turns, each a list of texts: the nodes that each unit holds."""
    made = []
    for turn, these in enumerate(turns):
        for nodes in these:
            made.append(Unit(turn, len(made), frozenset(nodes), "".join(nodes)))
    return made


def started(turns, running=()):
    return [unit.what for unit in startable(units(turns), running)]


def test_what_shares_nothing_starts_at_once():
    assert started([["ab", "bc", "cd", "ef"]]) == ["ab", "cd", "ef"]


def test_blocks_of_this_machine_start_one_by_one():
    waiting = [Unit(1, order, ALL_CORES, order) for order in (2, 1)]
    assert [unit.order for unit in startable(waiting, [])] == [1]


def test_the_next_turn_begins_when_all_of_the_one_before_have_begun():
    assert started([["ab"], ["cd"]]) == ["ab", "cd"]
    assert started([["ab", "bc"], ["de"]]) == ["ab"]


def test_a_turn_waits_for_the_end_of_the_last_but_one():
    assert started([["ab"], ["cd"], ["ef"]]) == ["ab", "cd"]


def test_a_block_that_is_tried_again_goes_first():
    failed, *_, running = units([["ab"], ["bc"], ["de"]])
    later = [Unit(3, 9, frozenset("f"), "f")]
    assert [unit.what for unit in startable([*later, failed], [running])] == ["ab"]


@given(st.lists(st.lists(pairs, min_size=1, max_size=6), min_size=1, max_size=4), st.randoms())
def test_every_block_is_started_once_and_no_node_is_in_two(turns, chance):
    waiting, running, done = units(turns), [], []
    while waiting or running:
        new = startable(waiting, running)
        assert new or running, "nothing runs, and nothing starts"
        held_now = [name for unit in [*new, *running] for name in unit.holds]
        assert len(held_now) == len(set(held_now))
        running += new
        assert len({unit.turn for unit in running}) <= 2
        waiting = [unit for unit in waiting if unit not in new]
        ended = running.pop(chance.randrange(len(running)))
        done.append(ended)
    assert sorted(unit.order for unit in done) == list(range(sum(map(len, turns))))


def test_a_campaign_takes_as_long_as_its_longest_chain():
    turns = [["ab", "ac", "de"]] * 3
    assert takes(units(turns), lambda unit: 10.0, None) == (60.0, 2)
    assert takes(units(turns), lambda unit: 10.0, 1) == (90.0, 1)


def test_four_disjoint_pairs_take_a_quarter_of_the_time():
    turns = [random.Random(turn).sample(["ab", "cd", "ef", "gh"], 4) for turn in range(10)]
    alone, _ = takes(units(turns), lambda unit: 1.0, 1)
    together, widest = takes(units(turns), lambda unit: 1.0, 8)
    assert (alone / together, widest) == (4.0, 4)


def test_a_link_is_held_by_what_crosses_it():
    links = {"up-1": ["a", "b"]}
    assert held(["a", "c"], links) == {"node_a", "node_c", "link_up_1"}
    assert held(["a", "b"], links) == {"node_a", "node_b"}
    assert held(["c", "d"], links) == {"node_c", "node_d"}
