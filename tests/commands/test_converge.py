"""The command that adds blocks, with runs of Snakemake that make up their table."""

import pytest
from helpers.converge import ENDLESS, counts_of, run, table_of

from vcperf.__main__ import main
from vcperf.commands import converge
from vcperf.config import files
from vcperf.errors import VcperfError


@pytest.fixture
def runs(checkout, monkeypatch, prepare):
    """The targets of runs of Snakemake, each of which makes up its table."""
    monkeypatch.chdir(checkout.folder)
    targets_of = []

    def measure(options, targets):
        targets_of.append(targets)
        sources = ["config/config.yaml", options.campaign]
        merged = files.merge(*map(files.read_yaml, sources))
        plan = prepare(merged, sources).plan
        (checkout.folder / "results/tables").mkdir(exist_ok=True)
        table_of(plan, lambda _: 1.0).to_csv("results/tables/netperf.csv", index=False)

    monkeypatch.setattr(converge, "snakemake", measure)
    return targets_of


def test_without_time_it_measures_the_campaign_and_says_what_is_open(checkout, runs, capsys):
    short = {**ENDLESS, "converge": {**ENDLESS["converge"], "budget_minutes": 0.01}}
    assert main(["converge", checkout.overlay("short.yaml", short)]) == 0
    said = capsys.readouterr().out
    assert "2 of 2 cells open, 0 blocks to add" in said and "no time for a further round" in said
    assert runs == [["results/tables/netperf.csv"], ["results/figures/", "results/report.html"]]
    assert counts_of(checkout) == []


def test_a_failed_run_ends_it_before_anything_is_decided(checkout, runs, monkeypatch, capsys):
    def fail(options, targets):
        raise VcperfError("Snakemake ended with status 1")

    monkeypatch.setattr(converge, "snakemake", fail)
    assert main(["converge", checkout.overlay("endless.yaml", ENDLESS)]) == 1
    assert capsys.readouterr().err == "Snakemake ended with status 1\n"
    assert counts_of(checkout) == []


def test_rounds_go_on_to_the_maximum_and_the_figures_come_last(checkout, runs, capsys):
    assert main(["converge", checkout.overlay("endless.yaml", ENDLESS)]) == 0
    tables, figures = ["results/tables/netperf.csv"], ["results/figures/", "results/report.html"]
    assert runs == [tables, tables, tables, figures]
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
