"""A campaign on a machine without netperf, with the real iperf3 in its place."""

import json
import shutil

import pandas as pd
import pytest
import yaml
from helpers.no_netperf import without_netperf

from vcperf.kinds.stand_in import NOTE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("measuring"),
    pytest.mark.skipif(shutil.which("iperf3") is None, reason="iperf3 is not installed"),
]
CLAIM = {
    "states": "sharing dom0's CPU costs throughput",
    "parts": [
        {
            "says": "the guest on its dom0's CPU against another CPU",
            "metric": "throughput_mbps",
            "where": {"path": "vc00->c010", "test": "TCP_STREAM"},
            "of": {"pinning": "config2"},
            "against": {"pinning": "config1"},
            "expect": "lower",
        }
    ],
}


def test_iperf3_measures_draws_and_judges_in_place_of_netperf_and_says_so(checkout):
    path = without_netperf(checkout)
    (checkout.folder / "claims.yaml").write_text(yaml.safe_dump({"claims": {"mine": CLAIM}}))
    change = {"claims": "claims.yaml", "netperf": {"tests": ["TCP_STREAM", "TCP_RR"]}}
    change["netperf"]["paths"] = {"config1": ["vc00->c010"]}
    change["netperf"]["message_bytes"] = [16384]
    campaign = checkout.overlay("one.yaml", change)
    targets = ("results/figures/", "results/report.html")
    done = checkout.snakemake(*targets, configfile=campaign, env={"PATH": path})
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line for line in done.stderr.splitlines() if "iperf3 measures in place" in line]
    assert len(set(said)) == 1 and "without TCP_RR, which it cannot give" in said[0]
    ending = [line for line in done.stderr.splitlines() if line.startswith("doubtful: ")]
    assert len(ending) == 1 and NOTE in ending[0]
    records = checkout.read_records()
    assert len(records) == 4 and {record["spec"]["kind"] for record in records} == {"iperf3"}
    results = checkout.folder / "results"
    figures = {file.stem: file.read_text() for file in (results / "figures").glob("*.svg")}
    assert set(figures) == {"pair", "absent", "iperf3", "claims"}
    assert all(NOTE in text for text in figures.values())
    assert "nothing measured" not in figures["pair"]
    assert NOTE in (results / "report.html").read_text()
    assert json.loads((results / "findings.json").read_text())["doubts"][0] == NOTE
    curves = pd.read_csv(results / "tables/iperf3_curves.csv")
    measured = pd.read_csv(results / "tables/iperf3.csv")
    assert len(curves) == 2 and set(curves["test"]) == {"TCP_STREAM"}
    assert curves["throughput_mbps_mean"].mean() == pytest.approx(measured["received_mbps"].mean())
    (claim,) = pd.read_csv(results / "tables/claims.csv").to_dict("records")
    assert pd.notna(claim["effect_percent"])
    assert set(pd.read_csv(results / "tables/plan.csv")["kind"]) == {"iperf3"}
    again = checkout.snakemake("-n", *targets, configfile=campaign, env={"PATH": path})
    assert "Nothing to be done" in again.stdout + again.stderr
