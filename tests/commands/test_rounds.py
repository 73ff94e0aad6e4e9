"""Blocks added round by round: which, and how many."""

import numpy as np
import pandas as pd
import pytest
from helpers.blocks import started
from helpers.config import DEFAULT_FILE
from helpers.converge import table_of
from helpers.plans import plan_of

from vcperf.commands import rounds
from vcperf.config import files
from vcperf.errors import VcperfError
from vcperf.kinds import stand_in
from vcperf.planning import matrix

RULE = rounds.Rule(2.5, 15, 30)
QUIET, NOISY = 0.5, 20.0  # percent


def by_pinning(cell):
    return NOISY if cell.labels["pinning"] == "config1" else QUIET


def simulate(noise, stop=RULE, left_s=1e9):
    """Rounds until none is added: cell name -> blocks, and the number of rounds."""
    counted = {}
    for done in range(100):
        plan = plan_of({}, counts=counted)
        # The same seed a cell and block: a table that grows.
        rows = []
        for index, cell in enumerate(c for c in plan.cells if c.kind == "netperf"):
            values = 100 + noise(cell) * np.random.default_rng(index).normal(size=99)
            for number in range(1, cell.blocks + 1):
                row = {"testbed": "netns", **cell.labels, "block": number}
                row["started"] = started(number)
                rows.append({**row, "throughput_mbps": values[number]})
        needed = rounds.lacking(plan.cells, pd.DataFrame(rows), stop)
        cost = {block.cell.name: matrix.seconds(block) for block in plan.blocks}
        added = rounds.next_round(needed, cost, left_s)
        if not added:
            return {c.name: c for c in plan.cells if c.kind == "netperf"}, done
        counts = {c.name: c.blocks for c in plan.cells}
        counted |= {name: counts[name] + count for name, count in added.items()}
    pytest.fail("the rounds do not end")


def test_noisy_cells_get_the_maximum_and_quiet_ones_the_minimum():
    cells, number = simulate(by_pinning)
    quiet = [c.blocks for c in cells.values() if by_pinning(c) == QUIET]
    noisy = [c.blocks for c in cells.values() if by_pinning(c) == NOISY]
    # One look after the minimum may disagree with the one before: then a block follows.
    assert set(quiet) <= {15, 16, 17} and quiet.count(15) > len(quiet) / 2
    assert max(noisy) == 30 and np.median(noisy) == 30
    assert number <= 1 + 30 - 15


def test_the_first_round_goes_to_the_minimum_in_every_cell():
    plan = plan_of({"blocks": 3})
    needed = rounds.lacking(plan.cells, table_of(plan, by_pinning), RULE)
    assert set(needed.values()) == {12} and len(needed) == 33
    assert {c.kind for c in plan.cells if c.name in needed} == {"netperf"}


def test_a_tighter_target_opens_cells_and_a_wider_one_closes_them():
    plan = plan_of({"blocks": 16})
    table = table_of(plan, lambda _: 3.0)
    counts = [
        sum(rounds.lacking(plan.cells, table, rounds.Rule(t, 15, 30)).values())
        for t in (0.5, 2.5, 10.0)
    ]
    assert counts[0] > counts[1] > counts[2] == 0 and counts[0] > 30


def test_a_trend_is_seen_whatever_the_order_of_the_tables_rows():
    """An unstable cell gets no more blocks; without its order it would look like noise."""
    plan = plan_of({"blocks": 16})
    table = table_of(plan, lambda _: 0.1)
    table["throughput_mbps"] += 2 * table["block"]
    assert set(rounds.lacking(plan.cells, table, RULE).values()) == {0}
    # The order is that of measuring, whatever the numbers of the blocks.
    table["block"] = 5 * table["block"] % 17
    assert set(rounds.lacking(plan.cells, table, RULE).values()) == {0}


def test_cells_that_have_the_maximum_anyhow_are_left_alone():
    plan = plan_of({"blocks": 30})
    assert rounds.lacking(plan.cells, table_of(plan, by_pinning), RULE) == {}


def test_a_round_that_does_not_fit_gives_all_cells_equally_few_blocks():
    needed = {"a": 12, "b": 1, "c": 0}
    cost = {"a": 2.0, "b": 4.0, "c": 1.0}
    assert rounds.next_round(needed, cost, 28) == {"a": 12, "b": 1}
    assert rounds.next_round(needed, cost, 27.9) == {"a": 11, "b": 1}
    assert rounds.next_round(needed, cost, 6) == {"a": 1, "b": 1}
    assert rounds.next_round(needed, cost, 5.9) == {}
    assert rounds.next_round(needed, cost, -1) == {}
    assert rounds.next_round({"c": 0}, cost, 100) == {}


def test_a_minimum_above_the_maximum_is_refused():
    merged = files.read_yaml(DEFAULT_FILE)
    merged["converge"]["maximum_blocks"] = 3
    with pytest.raises(VcperfError, match=r"converge\.maximum_blocks: 3 is below.*15"):
        rounds.rule(merged, [DEFAULT_FILE])


def test_a_cell_of_iperf3_gets_what_its_noisier_direction_needs():
    section = {"protocols": ["TCP"], "modes": ["forward", "bidirectional"], "streams": [1]}
    section |= {"paths": {"config1": ["vc00->c000"]}, "message_bytes": [16384]}
    section |= {"duration_s": 1, "warmup_s": 0}
    plan = plan_of({"netperf": None, "iperf3": section, "blocks": 20})
    noise = {"TCP_STREAM": QUIET, "TCP_STREAM bidirectional forward": QUIET}
    rows = []
    for cell in (c for c in plan.cells if c.kind == "iperf3"):
        for labels in stand_in.streams_of(cell):
            spread = noise.get(labels["test"], NOISY)
            values = 100 + spread * np.random.default_rng(1).normal(size=cell.blocks)
            for number, value in enumerate(values, start=1):
                row = {"testbed": "netns", **labels, "block": number, "throughput_mbps": value}
                rows.append({**row, "started": started(number)})
    needed = rounds.lacking(plan.cells, pd.DataFrame(rows), RULE, "iperf3")
    by_mode = {cell.labels["mode"]: needed[cell.name] for cell in plan.cells if cell.name in needed}
    assert by_mode == {"forward": 0, "bidirectional": 1}
