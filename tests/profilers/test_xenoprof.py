"""Xenoprof's sequence over domains reached by ssh, over a real sshd.

opcontrol and opreport are stand-ins that say so (tests/standins/): no machine has them any
more, and nothing is sampled."""

import itertools

import pandas as pd
import pytest
from helpers.profile_by_ssh import CAMPAIGN, XEN
from helpers.ssh_site import tell_xm

from vcperf.errors import VcperfError
from vcperf.tables.profile import sampled

pytestmark = pytest.mark.xdist_group("measuring")


@pytest.mark.slow
def test_all_domains_are_sampled_together_around_the_workload(site, sshd, told):
    log, _ = told
    tell_xm(sshd)
    tables = [f"results/tables/{name}.csv" for name in ("profile_cost", "claims")]
    done = site.snakemake(*tables, configfile=site.overlay("xeno.yaml", CAMPAIGN))
    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = [r for r in site.read_records() if r["spec"]["kind"] == "profile"]
    calls = [line.split() for line in log.read_text().splitlines()]
    session = next(c[0].partition("=")[2] for c in calls if c[0].startswith("--save="))
    assert [call[0] for call in calls] == [
        *("--reset", "--reset", "--start-daemon", "--start", "--start"),
        *("--stop", "--stop", "--dump", "--dump"),
        *(f"--save={session}", f"--save={session}", "--shutdown", "--shutdown"),
        *("opreport", "opreport"),
    ]
    assert calls[2][1:] == [
        "--event=GLOBAL_POWER_EVENTS:1000000:1:1:1",
        *(f"--{name}={path}" for name, path in XEN.items()),
        "--separate=kernel",
        "--active-domains=1",
    ]
    assert record["profile"]["event"] == "GLOBAL_POWER_EVENTS"

    tables = site.folder / "results/tables"
    rows = pd.read_csv(tables / "profile.csv")
    assert set(rows["domain"]) == {"vc00", "c000"} and rows["percent"].sum() == pytest.approx(100)
    (block,) = pd.read_csv(tables / "profile_blocks.csv").to_dict("records")
    assert block["sample_ns"] == pytest.approx(1e6 / 2.8)
    assert block["samples"] == 2000 and pd.isna(block["lost_samples"])
    cost = pd.read_csv(tables / "profile_cost.csv")
    whole = cost[(cost["domain"] == "all")]["ns_per_megabyte"].iloc[0]
    assert whole == pytest.approx(2000e6 / 2.8 / (block["bytes_moved"] / 1e6), rel=1e-3)
    claims = pd.read_csv(tables / "claims.csv")
    eighth = claims[claims["claim"] == "claim8"]
    shared, summed = eighth["missing"]
    assert shared.startswith("lacks a second block of every cell") and "image" in summed
    planned = site.snakemake("-n", "results/figures/", configfile="xeno.yaml").stdout
    assert "profile_images.svg" in planned and "flame" not in planned


def calls(log) -> list[list[str]]:
    return [line.split() for line in log.read_text().splitlines()]


@pytest.mark.slow
def test_passive_domains_are_sampled_by_dom0(profile, told):
    log, _ = told
    said, record = profile(xenoprof={"passive": {"c001": "/boot/vmlinux-guest"}})
    assert record, said
    (daemon,) = [call for call in calls(log) if call[0] == "--start-daemon"]
    assert daemon[-3:] == [
        *("--active-domains=1", "--passive-domains=2", "--passive-images=/boot/vmlinux-guest")
    ]
    assert [call[0] for call in calls(log)].count("--reset") == 2  # it has no OProfile
    rows = sampled(record["profile"])
    assert {(r["domain"], r["image"]) for r in rows if r["image"].startswith("domain")} == {
        ("c001", "domain2-kernel")
    }
    assert {row["domain"] for row in rows} == {"vc00", "c000", "c001"}


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("c000", "the workload runs in c000, so it is active: a domain is active or passive"),
        ("vc00", "vc00 is the dom0 that starts the profile"),
        ("c002", "unknown domain 'c002'"),
    ],
)
def test_what_cannot_be_passive_is_refused_by_its_key(profile, domain, said):
    with pytest.raises(VcperfError) as refused:
        profile(xenoprof={"passive": {domain: "/boot/vmlinux-guest"}})
    assert f"one.yaml: profile.xenoprof.passive.{domain}: {said}" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_nodes_are_started_and_stopped_together(profile, told):
    log, _ = told
    said, record = profile(paths={"config1": ["vc00->c010"]})
    assert record, said
    stages = [(what, len(list(found))) for what, found in itertools.groupby(calls(log), _what)]
    # Two dom0s, and one guest that is active.
    assert stages == [
        *(("--reset", 3), ("--start-daemon", 2), ("--start", 3), ("--stop", 3)),
        *(("--dump", 3), ("--save", 3), ("--shutdown", 3), ("opreport", 3)),
    ]


def _what(call: list[str]) -> str:
    return call[0].partition("=")[0]


@pytest.mark.slow
def test_what_opcontrol_refuses_is_one_line_and_all_is_shut_down(profile, told):
    log, refuse = told
    refuse.write_text("--start-daemon")
    said, record = profile()
    assert record is None
    assert said == (
        "domain vc00 (one): opcontrol --start-daemon: opcontrol: this stand-in refuses"
        " --start-daemon\n"
    )
    assert log.read_text().splitlines()[-2:] == ["--shutdown", "--shutdown"]
