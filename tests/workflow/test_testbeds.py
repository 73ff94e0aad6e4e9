"""Several testbeds in one campaign: native against virtual."""

import re

import pandas as pd
import pytest
from helpers.checkout import planned_jobs
from helpers.ssh_site import ONE_CELL

from vcperf.testbeds.netns import NetnsTestbed

pytestmark = pytest.mark.xdist_group("measuring")

BASELINE = {
    "testbed": "native",
    "measurements": ["netperf"],
    "paths": ["c000->c001"],
    "message_bytes": None,
}
CAMPAIGN = {"testbed": ["netns", "native"], "baseline": BASELINE}
REFUSED = "Operation not permitted"
netns = pytest.mark.skipif(bool(NetnsTestbed.host_fault()), reason="namespaces are refused here")


def on_testbeds(records):
    return {record.split("/")[2] for record in records}


@netns
def test_a_baseline_added_measures_the_baseline_alone(finished):
    edited = finished.overlay("edited.yaml", CAMPAIGN)
    records, figures, output = planned_jobs(finished, edited)
    assert on_testbeds(records) == {"native"} and len(records) == 4
    assert figures == {"pair", "absent", "claims", "overhead"}, "drawn from new tables"
    assert "Making overhead" in output
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
    assert records == set() and "Making overhead" not in output
    assert "baseline: selects no cell of this campaign: nothing is measured on native" in output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"only": "xen"}, "edited.yaml: only: xen is no testbed of this campaign; it has native"),
        (
            {"baseline": {"testbed": "kvm"}},
            "edited.yaml: baseline.testbed: unknown testbed 'kvm'; known: docker, ",
        ),
        ({"baseline": {"path": []}}, "edited.yaml: baseline.path: unknown key"),
        ({"testbed": []}, "edited.yaml: testbed: "),
        ({"testbed": ["native", "auto"]}, "edited.yaml: testbed[1]: unknown testbed 'auto'"),
        (
            {"testbed": "nativ"},
            "edited.yaml: testbed: unknown testbed 'nativ', did you mean 'native'?",
        ),
    ],
)
def test_a_mistake_is_named_in_one_line(checkout, change, said):
    edited = checkout.overlay("edited.yaml", {"testbed": "native", **change})
    done = checkout.snakemake("-n", "results/figures/", configfile=edited)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert said in done.stderr


@netns
@pytest.mark.slow
def test_a_campaign_is_compared_with_its_baseline(checkout):
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


@pytest.mark.slow
def test_testbeds_that_cannot_be_there_at_once_are_measured_in_turn(site):
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


@netns
@pytest.mark.slow
def test_hosts_by_ssh_and_this_machine_share_a_table(site):
    """The host that is reached by ssh is this machine, which the campaign has taken already."""
    change = {
        **ONE_CELL,
        "testbed": ["netns", "native"],
        "testbed_file": {"native": "testbed.yaml"},
        "baseline": {**BASELINE, "paths": None},
    }
    campaign = site.overlay("two.yaml", change)
    done = site.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    by_ssh = {r["spec"]["testbed"]: "ends" in r["spec"] for r in site.read_records()}
    assert by_ssh == {"netns": False, "native": True}
    assert all(record["settings"] for record in site.read_records())
    (row,) = pd.read_csv(site.folder / "results/tables/overhead.csv").to_dict("records")
    assert (row["testbed"], row["baseline"], row["blocks"]) == ("netns", "native", 1)
