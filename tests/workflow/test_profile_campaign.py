"""Profiles as a part of a campaign, with a real perf on namespaces."""

import os
import shutil

import pandas as pd
import pytest
from helpers.checkout import Checkout, planned_jobs
from helpers.config import DEFAULT
from helpers.perf import needs_perf

from vcperf.tables import profile as table

pytestmark = pytest.mark.xdist_group("measuring")

ONLY = {"netperf": {"paths": {"config1": ["vc00->c000"], "config2": None}, "message_bytes": [1024]}}
PATHS = {"config1": ["vc00->c000"], "config3": None}
SMALL = {"duration_s": 1, "blocks": 1, "pingpong": None, "paths": PATHS}


def overlay(checkout, **changes) -> str:
    section = {**DEFAULT["profile"], **SMALL, **changes}
    return checkout.overlay("profile.yaml", {**ONLY, "blocks": 1, "profile": section})


def read(checkout, name: str) -> pd.DataFrame:
    return pd.read_csv(checkout.folder / f"results/tables/{name}.csv")


@pytest.fixture(scope="module")
def profiled(tmp_path_factory):
    """A campaign of one netperf block and a profile of the same path."""

    made = Checkout(tmp_path_factory.mktemp("profiled"))
    done = made.snakemake("results/figures/", configfile=overlay(made))
    assert done.returncode == 0, done.stdout + done.stderr
    made.output = done.stdout + done.stderr
    return made


@needs_perf
def test_samples_fall_to_the_domain_whose_process_was_running(profiled):
    (record,) = [r for r in profiled.read_records() if r["spec"]["kind"] == "profile"]
    rows = table.rows({"block": "1"}, {"profile": record["profile"]}, 0)
    domains = {(row["app"], row["domain"]) for row in rows}
    assert ("netperf", "vc00") in domains and ("netserver", "c000") in domains
    for app, domain in domains:
        if app in ("netperf", "netserver"):
            assert domain == {"netperf": "vc00", "netserver": "c000"}[app]
    # A process may halt its CPU too, to wait for a lock that another virtual CPU holds.
    halted = [row for row in rows if row["symbol"] in ("pv_native_safe_halt", "default_idle")]
    assert all(row["domain"] for row in halted), halted
    # What is sampled is the measurement alone: two CPUs for some more than its second.
    counted = sum(row["samples"] for row in rows) + record["profile"]["idle"]
    cpus = os.cpu_count() or 1
    assert 0 < counted * record["profile"]["sample_ns"] / 1e9 < 2 * cpus
    assert record["profile"]["event_asked"] == "cycles" and record["profile"]["event"]
    assert record["before"]["pinning"] == record["after"]["pinning"]


@needs_perf
def test_the_tables_agree_with_each_other(profiled):
    samples, blocks = read(profiled, "profile"), read(profiled, "profile_blocks")
    assert blocks["samples"].tolist() == [samples["samples"].sum()]
    assert {"vmlinux"} < set(samples["image"]) and "[kernel.kallsyms]" not in set(samples["image"])
    assert samples["percent"].sum() == pytest.approx(100, abs=0.01)
    kept = samples[
        samples["domain"].notna() | samples["app"].isin(["swapper", "ksoftirqd", "kworker"])
    ]
    images = read(profiled, "profile_images")
    assert images["samples"].sum() == kept["samples"].sum()
    assert images["percent"].sum() == pytest.approx(100, abs=0.01)
    assert images["percent_low"].le(images["percent"] + 0.01).all()
    symbols = read(profiled, "profile_symbols")
    assert symbols["samples"].sum() == kept["samples"].sum()
    cost = read(profiled, "profile_cost")
    whole = cost[(cost["domain"] == "all") & (cost["image"] == "all")].iloc[0]
    parts = cost[cost["image"] != "all"]
    assert parts["ns_per_megabyte"].sum() == pytest.approx(whole["ns_per_megabyte"], rel=1e-3)
    megabytes = blocks["bytes_moved"].iloc[0] / 1e6
    expected = kept["samples"].sum() * blocks["sample_ns"].iloc[0] / megabytes
    assert whole["ns_per_megabyte"] == pytest.approx(expected, rel=1e-3)
    apps = read(profiled, "profile_applications")
    netperf = apps[(apps["app"] == "netperf")]
    assert netperf[netperf["image"] != "all"]["percent"].sum() == pytest.approx(100, abs=0.01)
    in_domain = apps[(apps["domain"] == "vc00") & (apps["image"] == "all")]
    assert in_domain["percent"].sum() == pytest.approx(100, abs=0.01)


@needs_perf
def test_pictures_and_stacks_are_drawn(profiled):
    names = {path.name for path in (profiled.folder / "results/figures").iterdir()}
    flame = "flame_netns_config1_vc00-c000_TCP_STREAM_16384"
    assert {"profile_images.svg", "profile_images.png", f"{flame}.svg"} <= names
    assert "profile_points.svg" not in names
    event = read(profiled, "profile_blocks")["event"].iloc[0]
    said = event if event == "cycles" else f"{event} in place of cycles"
    assert f">{said}; " in (profiled.folder / f"results/figures/{flame}.svg").read_text()
    folded = (profiled.folder / f"results/plots/{flame}.folded").read_text()
    samples = sum(int(line.rpartition(" ")[2]) for line in folded.splitlines())
    left_out = 0
    for record in profiled.read_records():
        left_out += record.get("profile", {}).get("folded_left_out", 0)
    assert samples + left_out == read(profiled, "profile")["samples"].sum()
    assert any(line.startswith("vc00;netperf;") for line in folded.splitlines())


@needs_perf
def test_claims_on_profiles_are_held_against_them(profiled):
    claims = read(profiled, "claims")
    eighth = claims[claims["claim"] == "claim8"]
    shared, summed = eighth.to_dict("records")
    assert shared["effect_percent"] == shared["effect_percent"], "netperf's share is known"
    # Nothing here has Xen's images: a sum over those that exist would be another claim.
    assert summed["part_verdict"] == "open" and "xen-syms" in summed["missing"]
    assert (claims[claims["claim"] == "claim10"]["verdict"] == "open").all()


@needs_perf
@pytest.mark.slow
def test_a_finished_campaign_has_nothing_to_do_and_an_edit_measures_what_it_changes(profiled):
    again = profiled.snakemake("-n", "results/figures/", configfile="profile.yaml")
    assert "Nothing to be done" in again.stdout + again.stderr
    measured, *_ = planned_jobs(profiled, overlay(profiled, frequency_hz=499))
    overlay(profiled)
    assert len(measured) == 1 and "/profile/" in measured.pop()


DAMAGES = """#!/bin/sh
for word; do
  case $word in
  --input=*) [ "$1" = evlist ] && printf damaged | dd of="${word#*=}" conv=notrunc 2>/dev/null ;;
  esac
done
exec "$REAL_PERF" "$@"
"""


@needs_perf
@pytest.mark.slow
def test_a_damaged_recording_fails_its_block_and_the_rest_is_drawn(profiled, tmp_path):
    (tmp_path / "perf").write_text(DAMAGES)
    (tmp_path / "perf").chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "REAL_PERF": shutil.which("perf") or ""}
    campaign = overlay(profiled, frequency_hz=499)
    try:
        done = profiled.snakemake("results/figures/", configfile=campaign, env=env)
        assert done.returncode == 1
        logs = (profiled.folder / "results/logs/profile").rglob("1.log")
        (said,) = [log.read_text() for log in logs if "perf " in log.read_text()]
        assert said.startswith("perf evlist: ") and said.count("\n") == 1
        rest = ["results/figures/", "--config", "partial=True"]
        drawn = profiled.snakemake(*rest, configfile=campaign)
        assert drawn.returncode == 0, drawn.stdout + drawn.stderr
        assert (profiled.folder / "results/figures/pair.svg").exists()
    finally:
        overlay(profiled)


def without_perf(folder):
    """A PATH on which everything is but perf."""
    tools = folder / "tools"
    tools.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in os.scandir(place) if os.path.isdir(place) else ():
            link = tools / program.name
            if program.name != "perf" and not os.path.lexists(link):
                link.symlink_to(program.path)
    return {"PATH": str(tools)}


@needs_perf
@pytest.mark.slow
def test_without_perf_the_other_results_appear(profiled, tmp_path):
    campaign = overlay(profiled, frequency_hz=251)  # profiles that are not there yet
    try:
        env = without_perf(tmp_path)
        done = profiled.snakemake("results/figures/", configfile=campaign, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr.count("profile: not found: perf; ") == 1
        drawn = {path.name for path in (profiled.folder / "results/figures").iterdir()}
        assert "pair.svg" in drawn and "profile_images.svg" not in drawn
    finally:
        overlay(profiled)


@needs_perf
def test_without_its_event_the_campaign_goes_on(checkout):
    campaign = overlay(checkout, event="no-such-event")
    planned = checkout.snakemake("-n", "results/figures/", configfile=campaign)
    lines = [line for line in planned.stderr.splitlines() if line.startswith("profile: ")]
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert len(lines) == 1 and lines[0].endswith("; going on without profiles")
    assert lines[0].startswith("profile: perf refuses event no-such-event: ")
    assert "results/raw/netns/netperf" in planned.stdout
    assert "results/raw/netns/profile" not in planned.stdout
