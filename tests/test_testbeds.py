"""Several testbeds in one campaign: native against virtual."""

import itertools
import json
import re

import pandas as pd
import pytest
from blocks import cell, scattered, table
from conftest import ROOT
from test_config import plan_of
from test_rerun import planned_jobs
from test_ssh import ONE_CELL, site  # noqa: F401 (a fixture)

from vcperf import config, preparation
from vcperf.analysis import overhead
from vcperf.errors import VcperfError
from vcperf.figures import curves
from vcperf.figures import overhead as picture
from vcperf.layout import Host
from vcperf.testbeds import hosts, probe

pytestmark = pytest.mark.xdist_group("measuring")

BOTH = [Host("netns", (0, 1)), Host("native", (0, 1))]
BASELINE = {
    "testbed": "native",
    "measurements": ["netperf"],
    "paths": ["c000->c001"],
    "message_bytes": None,
}
CAMPAIGN = {"testbed": ["netns", "native"], "baseline": BASELINE}
REFUSED = "Operation not permitted"
netns = pytest.mark.skipif(
    probe.resolve_testbeds("auto", None)[0] != ["netns"], reason="namespaces are refused here"
)


def on_testbeds(records):
    return {record.split("/")[2] for record in records}


# --- which testbeds, which cells ---


@pytest.mark.parametrize(
    ("wanted", "baseline", "refused", "expected"),
    [
        ("auto", "native", "", ["netns", "native"]),
        ("auto", None, "", ["netns"]),
        ("auto", "native", REFUSED, ["native"]),
        ("netns", "native", "", ["netns"]),
        ("native", "native", REFUSED, ["native"]),
        (["netns", "native"], None, "", ["netns", "native"]),
        (["xen", "native"], "native", REFUSED, ["xen", "native"]),
        ("netns", None, REFUSED, None),
        (["netns", "native"], "native", REFUSED, None),
    ],
)
def test_the_on_testbeds_a_campaign(monkeypatch, wanted, baseline, refused, expected):
    monkeypatch.setattr(probe, "_netns_fault", lambda: refused)
    if expected is None:
        with pytest.raises(VcperfError, match=rf"refuses it \({REFUSED}\)"):
            probe.resolve_testbeds(wanted, baseline)
        return
    found, note = probe.resolve_testbeds(wanted, baseline)
    assert found == expected
    assert (REFUSED in note) == (bool(refused) and wanted == "auto")


def test_the_default_adds_a_baseline_and_changes_no_other_record():
    alone, both = plan_of({}), plan_of({}, BOTH)
    kept = {b.record for b in both.blocks if b.cell.spec["testbed"] == "netns"}
    assert kept == {block.record for block in alone.blocks}
    added = [c for c in both.cells if c.spec["testbed"] == "native"]
    assert {c.kind for c in added} == {"netperf"}
    assert {c.labels["message_bytes"] for c in added} == {65536}
    assert {(c.labels["pinning"], c.labels["path"]) for c in added} == {
        (f"config{n}", path) for n in (1, 2, 3) for path in ("vc00->c000", "c000->c001")
    }


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        ({"paths": None, "message_bytes": None}, 33),
        ({"paths": None, "message_bytes": [120]}, 11),
        ({"paths": ["c000 -> c001"], "message_bytes": None}, 9),
        ({"pinnings": ["config1"], "paths": None, "message_bytes": [120, 7]}, 4),
        ({"measurements": ["netperf", "bandwidth"], "message_bytes": [120]}, 6 + 2),
        ({"testbed": "xen"}, 33 + 3 + 4 + 4),
    ],
)
def test_the_baseline_has_what_it_selects(baseline, expected):
    cells = plan_of({"baseline": baseline}, BOTH).cells
    assert len([c for c in cells if c.spec["testbed"] == "native"]) == expected


def test_one_testbed_is_measured_whole():
    assert len(plan_of({}, [Host("native", (0, 1))]).cells) == len(plan_of({}).cells)


def test_every_round_holds_all_testbeds():
    blocks = sorted(plan_of({"bandwidth": None}, BOTH).blocks, key=lambda block: block.order)
    assert [b.number for b in blocks] == sorted(b.number for b in blocks)
    where = [b.cell.spec["testbed"] for b in blocks if b.number == 2]
    changes = sum(one != other for one, other in itertools.pairwise(where))
    assert changes > 10, "shuffled together"


# --- what is measured now ---


@netns
def test_a_baseline_added_measures_the_baseline_alone(finished):
    edited = finished.overlay("edited.yaml", CAMPAIGN)
    records, figures, output = planned_jobs(finished, edited)
    assert on_testbeds(records) == {"native"} and len(records) == 4
    assert figures == {"pair", "absent", "testbeds"}, "drawn from new tables"
    assert "Comparing the testbeds" in output
    wider = finished.overlay("edited.yaml", {**CAMPAIGN, "baseline": {**BASELINE, "paths": None}})
    more, *_ = planned_jobs(finished, wider)
    assert more > records and len(more) == 12 and on_testbeds(more) == {"native"}


@netns
@pytest.mark.parametrize(("only", "measured"), [("netns", set()), ("native", {"native"})])
def test_only_one_testbed_is_measured(finished, only, measured):
    edited = finished.overlay("edited.yaml", {**CAMPAIGN, "only": only})
    assert on_testbeds(planned_jobs(finished, edited)[0]) == measured


@netns
def test_a_baseline_of_nothing_is_said_and_left_out(finished):
    nothing = {"testbed": "auto", "baseline": {**BASELINE, "paths": ["c001->c000"]}}
    records, _, output = planned_jobs(finished, finished.overlay("edited.yaml", nothing))
    assert records == set() and "Comparing the testbeds" not in output
    assert "baseline: selects no cell of this campaign: nothing is measured on native" in output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"only": "xen"}, "edited.yaml: only: xen is no testbed of this campaign; it has native"),
        ({"baseline": {"testbed": "kvm"}}, "edited.yaml: baseline.testbed: 'kvm' is not one of"),
        ({"baseline": {"path": []}}, "edited.yaml: baseline.path: unknown key"),
        ({"testbed": []}, "edited.yaml: testbed: "),
        ({"testbed": ["native", "auto"]}, "edited.yaml: testbed"),
    ],
)
def test_a_mistake_is_named_in_one_line(checkout, change, said):
    edited = checkout.overlay("edited.yaml", {"testbed": "native", **change})
    done = checkout.snakemake("-n", "results/figures/", configfile=edited)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert said in done.stderr


# --- a campaign with both ---


@netns
@pytest.mark.slow
def test_a_campaign_with_its_baseline(checkout):
    """Measured in two goes, as where both cannot be had at once."""
    small = {
        **CAMPAIGN,
        "netperf": {"paths": {"config1": ["c000->c001"]}, "message_bytes": [16384]},
    }
    campaign = checkout.overlay("both.yaml", small)
    tables, plots = (checkout.folder / f"results/{name}" for name in ("tables", "figures"))

    first = checkout.snakemake("results/figures/", "--config", "only=netns", configfile=campaign)
    assert first.returncode == 0, first.stdout + first.stderr
    assert on_testbeds(checkout.records()) == {"netns"}
    assert "only netns: 2 blocks of other testbeds are left out" in first.stderr
    assert not len(pd.read_csv(tables / "overhead.csv"))
    assert "Nothing was measured both" in (plots / "overhead.svg").read_text()
    pair, claims = (plots / "pair.svg").read_bytes(), (tables / "claims.csv").read_bytes()

    both = checkout.snakemake("results/figures/", configfile=campaign)
    assert both.returncode == 0, both.stdout + both.stderr
    specs = [record["spec"] for record in checkout.read_records()]
    native = [spec for spec in specs if spec["testbed"] == "native"]
    assert len(specs) == 4 + 2 and {s["receiver"] for s in native} == {"c001"}
    (row,) = pd.read_csv(tables / "overhead.csv").to_dict("records")
    assert (row["testbed"], row["baseline"], row["path"]) == ("netns", "native", "c000->c001")
    assert 0 < row["ratio_low"] < row["ratio"] < row["ratio_high"]
    assert row["blocks"] == row["baseline_blocks"] == 2
    drawn = (plots / "overhead.svg").read_text()
    assert "(netns)" in drawn and "(native)" in drawn, "what was compared"
    assert (plots / "pair.svg").read_bytes() == pair, "curves are of the virtual testbed"
    assert (tables / "claims.csv").read_bytes() == claims, "and so are the claims"
    summary = pd.read_csv(tables / "netperf_summary.csv")
    assert set(summary["testbed"]) == {"netns", "native"}
    again = checkout.snakemake("-n", "results/figures/", configfile=campaign)
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_curve_of_the_baseline_is_drawn_where_a_series_asks_for_it(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(probe, "_netns_fault", lambda: "")
    monkeypatch.setenv("VCPERF_CONTEXT", "")
    described = config.read_yaml("config/figures.yaml")
    series = {"label": "bare", "where": {"testbed": "native", "path": "c000->c001"}}
    described["figures"] = {
        "one": {**described["figures"]["figure3"], "series": [series, {**series, "where": {}}]}
    }
    (tmp_path / "figures.yaml").write_text(json.dumps(described))
    raw = config.merge(
        config.read_yaml("config/config.yaml"), {"figures": str(tmp_path / "figures.yaml")}
    )
    ready = preparation.prepare(raw, ["config/config.yaml"])
    assert ready.baseline == "native"
    figure = ready.figures["one"]
    wheres = [{**figure["where"], **one["where"]} for one in figure["series"]]
    assert [where["testbed"] for where in wheres] == ["native", "netns"]
    assert {band["where"]["testbed"] for band in figure["bands"]} == {"netns"}
    parts = [part for claim in ready.claims.values() for part in claim["parts"]]
    assert {part["where"]["testbed"] for part in parts} == {"netns"}


@pytest.mark.slow
def test_nodes_that_cannot_be_both_at_once(site):  # noqa: F811
    """Both testbeds over a real sshd, xen with the stand-in for its toolstack."""
    change = {**ONE_CELL, "testbed": ["xen", "native"], "baseline": {**BASELINE, "paths": None}}
    change["blocks"] = 2
    campaign = site.overlay("two.yaml", change)
    refused = site.snakemake("results/figures/", configfile=campaign)
    assert refused.returncode == 1 and not site.records()
    said = [line for line in refused.stderr.splitlines() if "both at once" in line]
    assert len(said) == 1 and "testbeds xen and native" in said[0] and "only=xen" in said[0]
    for only in ("xen", "native"):
        done = site.snakemake("results/figures/", "--config", f"only={only}", configfile=campaign)
        assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(r.split("/")[2] for r in site.records()) == ["native"] * 2 + ["xen"] * 2
    (row,) = pd.read_csv(site.folder / "results/tables/overhead.csv").to_dict("records")
    assert (row["testbed"], row["baseline"], row["blocks"]) == ("xen", "native", 2)
    again = site.snakemake("-n", "results/figures/", configfile=campaign)
    assert not re.search(r"results/raw/\S+json", again.stdout)


def test_dom0_is_no_baseline():
    assert hosts.is_dom0("00000000-0000-0000-0000-000000000000\n")
    assert not hosts.is_dom0("") and not hosts.is_dom0("<denied>\n")
    assert not hosts.is_dom0("5f0cfd3a-0000-4a4b-8b4e-000000000000")


# --- the figure ---


def ratios(*cells):
    return overhead.overhead(table(*cells))


def text_of(found, folder):
    curves.save(picture.draw(found), folder / "x.svg", folder / "x.png")
    return (folder / "x.svg").read_text()


def test_the_figure_says_what_it_compares(tmp_path):
    bare = {"testbed": "native", "platform": "plain processes on one host"}
    found = ratios(
        cell(scattered(80), size=120),
        cell(scattered(100), size=120, **bare),
        cell(scattered(30), size=1024, path="c000->c001", pinning="config2"),
        cell(scattered(60), size=1024, path="c000->c001", pinning="config2", **bare),
        cell(scattered(30), size=9, path="c000->c010"),
    )
    drawn = text_of(found, tmp_path)
    assert "Linux 6.1 in network namespaces (netns) against plain processes" in drawn
    assert "vc00-&gt;c010, TCP_STREAM (netns)" in drawn and "c000-&gt;c001" in drawn
    assert "c000-&gt;c010" not in drawn, "not measured on the baseline"
    assert "config1" in drawn and "config2" in drawn and "native: 1" in drawn
    assert "5 blocks" in drawn and "hollow" not in drawn
    assert text_of(found, tmp_path) == drawn, "the same bytes for the same table"


def test_doubt_and_single_blocks_are_drawn(tmp_path):
    found = ratios(
        cell([80.0], size=120, status="disturbed"), cell([100.0], size=120, testbed="native")
    )
    assert found["ratio_low"].isna().all() and list(found["doubtful"]) == [1]
    drawn = text_of(found, tmp_path)
    assert "hollow: unstable" in drawn and "1 block" in drawn


def test_nothing_to_compare_is_said(tmp_path):
    assert "Nothing was measured both" in text_of(ratios(cell([1.0])), tmp_path)
