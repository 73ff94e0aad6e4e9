"""Blocks added round by round: which, how many, and that nothing is lost on the way."""

import importlib.util
import json
import os
import signal
import subprocess

import numpy as np
import pandas as pd
import pytest
from blocks import started
from conftest import ROOT
from test_faults import descendants, gone, measuring, wait_until

from vcperf import campaign, config, converge, decided, kinds, preparation
from vcperf.analysis import summary
from vcperf.errors import VcperfError
from vcperf.layout import Host

RULE = converge.Rule(2.5, 15, 30)
QUIET, NOISY = 0.5, 20.0  # percent


def planned(change=None, counts=None):
    merged = config.merge(config.read_yaml(ROOT / "config/config.yaml"), change or {})
    return campaign.plan(campaign.checked(merged), Host("netns", (0, 1)), decided=counts)


def table_of(plan, noise_percent, seed=1):
    """Blocks of every netperf cell around 100.

    Args:
        noise_percent: cell -> standard deviation.
    """
    chance = np.random.default_rng(seed)
    rows = []
    for cell in plan.cells:
        if cell.kind == "netperf":
            values = 100 + noise_percent(cell) * chance.normal(size=cell.blocks)
            for number, value in enumerate(values, start=1):
                row = {"testbed": cell.spec["testbed"], **cell.labels, "block": number}
                row["started"] = started(number)
                rows.append({**row, "throughput_mbps": value, "transactions_per_s": np.nan})
    # The order of a table's rows is not that of measuring.
    return pd.DataFrame(rows).sample(frac=1, random_state=1)


def by_pinning(cell):
    return NOISY if cell.labels["pinning"] == "config1" else QUIET


def simulate(noise, stop=RULE, left_s=1e9):
    """Rounds until none is added: cell name -> blocks, and the number of rounds."""
    counted = {}
    for rounds in range(100):
        plan = planned(counts=counted)
        # The same seed a cell and block: a table that grows.
        rows = []
        for index, cell in enumerate(c for c in plan.cells if c.kind == "netperf"):
            values = 100 + noise(cell) * np.random.default_rng(index).normal(size=99)
            for number in range(1, cell.blocks + 1):
                row = {"testbed": "netns", **cell.labels, "block": number}
                row["started"] = started(number)
                rows.append({**row, "throughput_mbps": values[number]})
        needed = converge.lacking(plan.cells, pd.DataFrame(rows), stop)
        cost = {block.cell.name: kinds.seconds(block) for block in plan.blocks}
        added = converge.next_round(needed, cost, left_s)
        if not added:
            return {c.name: c for c in plan.cells if c.kind == "netperf"}, rounds
        counts = {c.name: c.blocks for c in plan.cells}
        counted |= {name: counts[name] + count for name, count in added.items()}
    pytest.fail("the rounds do not end")


def test_noisy_cells_get_the_maximum_and_quiet_ones_the_minimum():
    cells, rounds = simulate(by_pinning)
    quiet = [c.blocks for c in cells.values() if by_pinning(c) == QUIET]
    noisy = [c.blocks for c in cells.values() if by_pinning(c) == NOISY]
    # One look after the minimum may disagree with the one before: then a block follows.
    assert set(quiet) <= {15, 16, 17} and quiet.count(15) > len(quiet) / 2
    assert max(noisy) == 30 and np.median(noisy) == 30
    assert rounds <= 1 + 30 - 15


def test_the_first_round_goes_to_the_minimum_in_every_cell():
    plan = planned({"blocks": 3})
    needed = converge.lacking(plan.cells, table_of(plan, by_pinning), RULE)
    assert set(needed.values()) == {12} and len(needed) == 33
    assert {c.kind for c in plan.cells if c.name in needed} == {"netperf"}


def test_a_tighter_target_opens_cells_and_a_wider_one_closes_them():
    plan = planned({"blocks": 16})
    table = table_of(plan, lambda _: 3.0)
    counts = [
        sum(converge.lacking(plan.cells, table, converge.Rule(t, 15, 30)).values())
        for t in (0.5, 2.5, 10.0)
    ]
    assert counts[0] > counts[1] > counts[2] == 0 and counts[0] > 30


def test_a_trend_is_seen_whatever_the_order_of_the_tables_rows():
    """An unstable cell gets no more blocks; without its order it would look like noise."""
    plan = planned({"blocks": 16})
    table = table_of(plan, lambda _: 0.1)
    table["throughput_mbps"] += 2 * table["block"]
    assert set(converge.lacking(plan.cells, table, RULE).values()) == {0}
    # The order is that of measuring, whatever the numbers of the blocks.
    table["block"] = 5 * table["block"] % 17
    assert set(converge.lacking(plan.cells, table, RULE).values()) == {0}


def test_cells_that_have_the_maximum_anyhow_are_left_alone():
    plan = planned({"blocks": 30})
    assert converge.lacking(plan.cells, table_of(plan, by_pinning), RULE) == {}


def test_a_round_that_does_not_fit_is_cut_alike_for_all():
    needed = {"a": 12, "b": 1, "c": 0}
    cost = {"a": 2.0, "b": 4.0, "c": 1.0}
    assert converge.next_round(needed, cost, 28) == {"a": 12, "b": 1}
    assert converge.next_round(needed, cost, 27.9) == {"a": 11, "b": 1}
    assert converge.next_round(needed, cost, 6) == {"a": 1, "b": 1}
    assert converge.next_round(needed, cost, 5.9) == {}
    assert converge.next_round(needed, cost, -1) == {}
    assert converge.next_round({"c": 0}, cost, 100) == {}


def test_a_count_only_ever_adds_to_what_is_configured():
    name = planned().cells[0].name
    more, same, fewer = (planned({"blocks": 3}, {name: n}).cells[0] for n in (5, 3, 2))
    assert (more.blocks, more.sequential) == (5, True)
    assert (same.blocks, same.sequential) == (3, True)
    assert (fewer.blocks, fewer.sequential) == (3, False)
    assert more.name == name, "no record is keyed by how many there are"
    assert planned(counts={"of another configuration": 9}) == planned()


def test_counts_are_read_back_and_rubbish_is_named(tmp_path):
    path = str(tmp_path / "new/blocks.json")
    assert decided.read(path) == {}
    decided.write({"b": 2, "a": 1}, path)
    assert decided.read(path) == {"a": 1, "b": 2}
    assert os.listdir(tmp_path / "new") == ["blocks.json"]
    for rubbish in ("{", "[]", '{"a": "1"}', '{"a": true}'):
        (tmp_path / "new/blocks.json").write_text(rubbish)
        with pytest.raises(VcperfError, match=r"blocks\.json: not .*delete it"):
            decided.read(path)


def test_a_minimum_above_the_maximum_is_refused():
    merged = config.read_yaml(ROOT / "config/config.yaml")
    merged["converge"]["maximum_blocks"] = 3
    with pytest.raises(VcperfError, match=r"converge\.maximum_blocks: 3 is below.*15"):
        converge.rule(merged, [ROOT / "config/config.yaml"])


def test_a_cell_that_converged_under_the_rule_is_told_to_the_targets_width():
    from test_summary import table

    blocks = table({"p1": [100, 100.1, 99.9], "p2": [100, 100.1, 99.9]})
    looked = frozenset({("netns", "p1", "a->b", "TCP_STREAM", 100)})
    rows = summary.summarise(blocks, 2.5, looked).set_index(["pinning", "message_bytes"])
    assert tuple(rows.loc[("p1", 100), ["ci_low", "ci_high"]]) == pytest.approx((97.5, 102.5))
    assert rows.loc[("p1", 100), "throughput_mbps_ci_low"] == pytest.approx(97.5)
    for other in (("p1", 1000), ("p2", 100)):
        assert rows.loc[other, "ci_low"] > 99


ENDLESS = {
    "blocks": 1,
    "target_percent": 1e-9,  # nothing converges
    "converge": {"minimum_blocks": 2, "maximum_blocks": 3, "budget_minutes": 10},
    "netperf": {
        "paths": {"config1": ["vc00->c010"], "config2": None},
        "message_bytes": [1024, 16384],
    },
}


def argv(campaign_file):
    return [str(ROOT / ".venv/bin/python"), "scripts/converge.py", campaign_file]


def run(checkout, campaign_file):
    env = {**os.environ, "PYTHONPATH": "scripts"}
    return subprocess.run(
        argv(campaign_file),
        cwd=checkout.folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def counts_of(checkout):
    path = checkout.folder / "results/blocks.json"
    return sorted(json.loads(path.read_text()).values()) if path.exists() else []


@pytest.mark.slow
def test_killed_in_a_round_it_goes_on_there(checkout, in_new_session):
    campaign_file = checkout.overlay("endless.yaml", ENDLESS)
    with (checkout.folder / "converge.log").open("w") as log:
        process = subprocess.Popen(
            argv(campaign_file),
            cwd=checkout.folder,
            env={**os.environ, "PYTHONPATH": "scripts"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    in_new_session(process)
    wait_until(lambda: max(counts_of(checkout), default=0) >= 3, "a second round")
    below = wait_until(lambda: measuring(process.pid), "a measurement in it")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: gone(below), "the end of all that it started")
    assert not descendants(process.pid)
    kept = {name: path.stat().st_mtime_ns for name, path in checkout.records().items()}
    counts = counts_of(checkout)
    assert sum(counts) > len(kept) >= 2, "killed in the midst of a round"

    done = run(checkout, campaign_file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 2 cells open, 0 blocks to add" in done.stdout
    assert counts_of(checkout) == [3, 3]
    after = {name: path.stat().st_mtime_ns for name, path in checkout.records().items()}
    assert len(after) == 6 and kept.items() <= after.items(), "measured again"
    table = pd.read_csv(checkout.folder / "results/tables/netperf_summary.csv")
    assert list(table["blocks"]) == [3, 3]
    assert (checkout.folder / "results/figures/pair.svg").exists()

    # An ordinary run keeps what was added, whatever the target.
    edited = checkout.overlay("edited.yaml", {**ENDLESS, "target_percent": 50})
    again = checkout.snakemake("-n", "results/figures/", configfile=edited)
    assert again.returncode == 0, again.stderr
    assert "Summarising netperf" in again.stdout
    assert "rule measure" not in again.stdout and "Parsing" not in again.stdout


@pytest.fixture
def script(checkout, monkeypatch):
    """scripts/converge.py, with runs of Snakemake that make up their table; `runs` are
    their targets."""
    file = ROOT / "scripts/converge.py"
    loaded = importlib.util.spec_from_file_location("converge_script", file)
    module = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(module)
    monkeypatch.chdir(checkout.folder)
    for name in ("VCPERF_CONTEXT", "PYTHONPATH", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, "")  # put back afterwards
    module.runs = []

    def measure(options, targets):
        module.runs.append(targets)
        sources = ["config/config.yaml", options.campaign]
        merged = config.merge(*map(config.read_yaml, sources))
        plan = preparation.prepare(merged, sources).plan
        (checkout.folder / "results/tables").mkdir(exist_ok=True)
        table_of(plan, lambda _: 1.0).to_csv("results/tables/netperf.csv", index=False)

    monkeypatch.setattr(module, "snakemake", measure)
    return module


def test_without_time_it_measures_the_campaign_and_says_what_is_open(checkout, script, capsys):
    short = {**ENDLESS, "converge": {**ENDLESS["converge"], "budget_minutes": 0.01}}
    assert script.main([checkout.overlay("short.yaml", short)]) == 0
    said = capsys.readouterr().out
    assert "2 of 2 cells open, 0 blocks to add" in said and "no time for a further round" in said
    assert script.runs == [["results/tables/netperf.csv"], ["results/figures/"]]
    assert counts_of(checkout) == []


def test_a_failed_run_ends_it_before_anything_is_decided(checkout, script, monkeypatch, capsys):
    def fail(options, targets):
        raise VcperfError("Snakemake ended with status 1")

    monkeypatch.setattr(script, "snakemake", fail)
    assert script.main([checkout.overlay("endless.yaml", ENDLESS)]) == 1
    assert capsys.readouterr().err == "Snakemake ended with status 1\n"
    assert counts_of(checkout) == []


def test_rounds_go_on_to_the_maximum_and_the_figures_come_last(checkout, script, capsys):
    assert script.main([checkout.overlay("endless.yaml", ENDLESS)]) == 0
    tables, figures = ["results/tables/netperf.csv"], ["results/figures/"]
    assert script.runs == [tables, tables, tables, figures]
    assert counts_of(checkout) == [3, 3]
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("round")]
    assert [line.split(";")[0] for line in lines] == [
        *(f"round {n}: 2 of 2 cells open, 2 blocks to add" for n in (1, 2)),
        "round 3: 0 of 2 cells open, 0 blocks to add",
    ]


def test_a_mistake_is_one_line(checkout):
    for change, said in (
        ({"partial": True}, "bad.yaml: partial"),
        ({"converge": {"maximum_blocks": 2}}, "bad.yaml: converge.maximum_blocks: 2 is below"),
        ({"converge": {"budget": 2}}, "bad.yaml: converge.budget: unknown key"),
    ):
        done = run(checkout, checkout.overlay("bad.yaml", change))
        assert done.returncode == 1 and done.stdout == ""
        assert done.stderr.startswith(said) and done.stderr.count("\n") == 1, done.stderr
