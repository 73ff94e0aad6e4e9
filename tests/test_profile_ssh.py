"""Profiles of domains by ssh, over a real sshd: perf, and Xenoprof's sequence.

opcontrol and opreport are stand-ins that say so (tests/standins/): no machine has them any
more, and nothing is sampled."""

import glob

import pandas as pd
import pytest
from conftest import ROOT
from test_config import plan_of
from test_profile_campaign import needs_perf
from test_ssh import site, tell_xm  # noqa: F401 (site is a fixture)

from vcperf import config
from vcperf.errors import VcperfError

PROFILE = config.read_yaml(ROOT / "config/config.yaml")["profile"]
XEN = {"xen": "/boot/xen-syms-3.0", "vmlinux": "/boot/vmlinux"}
CAMPAIGN = {
    "testbed": "xen",
    "testbed_file": "testbed.yaml",
    "blocks": 1,
    "netperf": {
        "paths": {"config1": ["vc00->c000"], "config2": None},
        "message_bytes": [16384],
    },
    "profile": {
        **PROFILE,
        "profiler": "xenoprof",
        "xenoprof": {**PROFILE["xenoprof"], **XEN},
        "paths": {"config1": ["vc00->c000"], "config3": None},
        "pingpong": None,
        "duration_s": 1,
        "blocks": 1,
    },
}


@pytest.fixture
def told(sshd):
    """What the stand-ins were told, and a file that makes them refuse an option."""
    log, refuse = (sshd.folder / f"xm.json.{name}" for name in ("opcontrol", "refuse"))
    for file in (log, refuse):
        file.unlink(missing_ok=True)
    yield log, refuse
    refuse.unlink(missing_ok=True)


def test_all_domains_are_sampled_together_around_the_workload(site, sshd, told):  # noqa: F811
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
    assert eighth["missing"].tolist() == ["a second block of every cell"] * 2
    planned = site.snakemake("-n", "results/figures/", configfile="xeno.yaml").stdout
    assert "profile_images.svg" in planned and "flame" not in planned


def test_what_opcontrol_refuses_is_one_line_and_all_is_shut_down(site, sshd, told):  # noqa: F811
    log, refuse = told
    tell_xm(sshd)
    refuse.write_text("--start-daemon")
    campaign = site.overlay("xeno.yaml", CAMPAIGN)
    done = site.snakemake("results/tables/profile.csv", configfile=campaign)
    assert done.returncode == 1
    (said,) = {
        file.read_text().strip() for file in (site.folder / "results/logs/profile").rglob("*.log")
    }
    assert said == (
        "domain vc00 (one): opcontrol --start-daemon: opcontrol: this stand-in refuses"
        " --start-daemon"
    )
    assert log.read_text().splitlines()[-2:] == ["--shutdown", "--shutdown"]
    assert not site.records()


@needs_perf
def test_perf_samples_each_domain_by_ssh_and_leaves_nothing(site, sshd):  # noqa: F811
    """vc00 and c000 are this machine both: each sees all of it, and its samples are its own."""
    tell_xm(sshd)
    change = {"profile": {"profiler": "perf", "xenoprof": PROFILE["xenoprof"]}}
    before = set(glob.glob("/tmp/vcperf.*"))
    campaign = site.overlay("perf.yaml", config.merge(CAMPAIGN, change))
    done = site.snakemake("results/tables/profile_cost.csv", configfile=campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = pd.read_csv(site.folder / "results/tables/profile.csv")
    for domain in ("vc00", "c000"):
        assert rows[(rows["domain"] == domain) & (rows["app"] == "netperf")]["samples"].sum() > 100
    assert rows["percent"].sum() == pytest.approx(100, abs=0.01)
    assert set(rows["domain"]) == {"vc00", "c000"}
    (record,) = site.read_records()
    assert any(line.startswith("c000;") for line in record["profile"]["folded"].splitlines())
    assert set(glob.glob("/tmp/vcperf.*")) == before


@needs_perf
def test_an_event_that_a_domain_lacks_is_one_line(site, sshd):  # noqa: F811
    tell_xm(sshd)
    change = {"profile": {"profiler": "perf", "event": "no-such-event"}}
    campaign = site.overlay("perf.yaml", config.merge(CAMPAIGN, change))
    done = site.snakemake("results/tables/profile.csv", configfile=campaign)
    assert done.returncode == 1 and not site.records()
    (said,) = {
        file.read_text().strip() for file in (site.folder / "results/logs/profile").rglob("*.log")
    }
    assert said.startswith("domain vc00: perf record: event syntax error: 'no-such-event'"), said


def test_xenoprof_is_for_xen_alone(tmp_path):
    with pytest.raises(VcperfError, match=r"profile\.profiler: xenoprof samples Xen's domains"):
        plan_of({"profile": {"profiler": "xenoprof"}}, tmp=tmp_path)
