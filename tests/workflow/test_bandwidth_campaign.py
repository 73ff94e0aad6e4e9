"""Estimates of bandwidth as a part of a campaign."""

import csv

import pytest
from helpers.checkout import ROOT
from helpers.config import BANDWIDTH

pytestmark = pytest.mark.xdist_group("measuring")

ONLY = {"netperf": {"paths": {"config1": None, "config2": None}}}
STANDIN = {
    "sender": str(ROOT / "tests/standins/pathload_snd"),
    "receiver": str(ROOT / "tests/standins/pathload_rcv"),
}
COLUMNS = "testbed pinning path method block low_mbps high_mbps kind elapsed_s".split()


def rows_of(checkout, bandwidth):
    campaign = checkout.overlay("one.yaml", {**ONLY, "bandwidth": {**BANDWIDTH, **bandwidth}})
    done = checkout.snakemake("results/figures/", configfile=campaign)
    rows = []
    if done.returncode == 0:
        rows = list(csv.DictReader((checkout.folder / "results/tables/bandwidth.csv").open()))
    return done, rows


@pytest.mark.slow
def test_both_methods_estimate_a_path(checkout):
    done, rows = rows_of(checkout, {"methods": ["pathload", "pathrate"], "blocks": 1})
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(COLUMNS) <= set(rows[0])
    assert [row["method"] for row in rows] == ["pathload", "pathrate"]
    for row in rows:
        told = row["kind"] not in {"inconclusive", "within_bucket"}
        assert bool(row["low_mbps"] or row["high_mbps"]) == told
        assert 0 < float(row["elapsed_s"]) < 4
    for record in checkout.read_records():
        assert record["before"]["pinning"] == record["after"]["pinning"]
        assert {c["role"] for c in record["commands"]} == {"measure", "server"}


@pytest.mark.slow
def test_a_sites_own_pathload_is_asked_and_parsed(checkout):
    """A stand-in: the real one cannot be had here. It says so in its output."""
    done, rows = rows_of(checkout, {"programs": {"pathload": STANDIN}, "blocks": 1})
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = rows
    assert (row["low_mbps"], row["high_mbps"], row["kind"]) == ("38.12", "41.5", "range")
    (record,) = checkout.read_records()
    roles = {c["role"]: c for c in record["commands"]}
    assert (roles["server"]["domain"], roles["measure"]["domain"]) == ("vc00", "c010")
    assert "stand-in" in roles["measure"]["output"]


def test_a_program_that_is_not_there_is_one_line(checkout):
    gone = {"sender": "/nowhere/pathload_snd", "receiver": "/nowhere/pathload_rcv"}
    done, _ = rows_of(checkout, {"programs": {"pathload": gone}, "blocks": 1})
    assert done.returncode == 1
    (log,) = (checkout.folder / "results/logs/bandwidth").rglob("*.log")
    said = log.read_text().strip()
    assert "/nowhere/pathload_snd" in said and "\n" not in said
