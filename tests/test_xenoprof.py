"""Xenoprof's sequence by ssh, over a real sshd. opcontrol and opreport are stand-ins that say
so (tests/standins/): no machine has them any more, and nothing is sampled."""

import pandas as pd
import pytest
from conftest import ROOT
from test_config import plan_of
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
        "paths": {"config1": ["vc00->c000"]},
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
    done = site.snakemake("results/figures/", configfile=site.overlay("xeno.yaml", CAMPAIGN))
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
    figures = {path.name for path in (site.folder / "results/figures").iterdir()}
    assert "profile_images.svg" in figures and not any(n.startswith("flame") for n in figures)


def test_what_opcontrol_refuses_is_one_line_and_all_is_shut_down(site, sshd, told):  # noqa: F811
    log, refuse = told
    tell_xm(sshd)
    refuse.write_text("--start-daemon")
    campaign = site.overlay("xeno.yaml", CAMPAIGN)
    done = site.snakemake("results/figures/", configfile=campaign)
    assert done.returncode == 1
    (said,) = {
        file.read_text().strip() for file in (site.folder / "results/logs/profile").rglob("*.log")
    }
    assert said == (
        "domain vc00 (one): opcontrol --start-daemon: opcontrol: this stand-in refuses"
        " --start-daemon"
    )
    assert log.read_text().splitlines()[-2:] == ["--shutdown", "--shutdown"]
    assert [r["spec"]["kind"] for r in site.read_records()] == ["netperf"]
    drawn = site.snakemake("results/figures/", "--config", "partial=True", configfile=campaign)
    assert drawn.returncode == 0, drawn.stdout + drawn.stderr
    assert (site.folder / "results/figures/pair.svg").exists()


def test_xenoprof_is_for_xen_alone(tmp_path):
    with pytest.raises(VcperfError, match=r"profile\.profiler: xenoprof samples Xen's domains"):
        plan_of({"profile": {"profiler": "xenoprof"}}, tmp=tmp_path)
