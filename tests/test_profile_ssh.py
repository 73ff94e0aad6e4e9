"""Profiles of domains by ssh, over a real sshd: perf, and Xenoprof's sequence.

opcontrol and opreport are stand-ins that say so (tests/standins/): no machine has them any
more, and nothing is sampled."""

import contextlib
import csv
import glob
import io
import itertools
import json
import os
import signal
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT
from test_config import plan_of
from test_faults import gone, wait_until
from test_profile_campaign import needs_perf
from test_ssh import but_waiting, site, tell_xm  # noqa: F401 (site is a fixture)

from vcperf import config, preparation
from vcperf.errors import VcperfError
from vcperf.profilers import perf_domains
from vcperf.testbeds.ssh import Connections

pytestmark = pytest.mark.xdist_group("ssh")

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


@pytest.mark.slow
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


@pytest.fixture
def profile(site, sshd, monkeypatch):  # noqa: F811
    """Takes one profile by hand; returns what it said and, when it is there, its record."""

    def take(**changes):
        tell_xm(sshd)
        overlay = site.overlay("one.yaml", config.merge(CAMPAIGN, {"profile": changes}))
        monkeypatch.chdir(site.folder)
        sources = [ROOT / "config/config.yaml", overlay]
        merged = config.merge(config.read_yaml(sources[0]), config.read_yaml(overlay))
        ready = preparation.prepare(merged, sources)
        (only,) = [block for block in ready.plan.blocks if block.cell.kind == "profile"]
        # The machine is locked by the test that runs, as by a campaign.
        monkeypatch.setenv("VCPERF_NODE_LOCKED", "1")
        module = ["python3", "-S", "-m", "vcperf.measure.profile"]
        argv = ["scripts/isolate", "xen", *module, only.spec_json, "record.json"]
        argv.append(os.environ["VCPERF_CONTEXT"])
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        there = site.folder / "record.json"
        return but_waiting(done.stderr), json.loads(there.read_text()) if there.exists() else None

    return take


def calls(log) -> list[list[str]]:
    return [line.split() for line in log.read_text().splitlines()]


def test_passive_domains_are_sampled_by_dom0(profile, told):
    log, _ = told
    said, record = profile(xenoprof={"passive": {"c001": "/boot/vmlinux-guest"}})
    assert record, said
    (daemon,) = [call for call in calls(log) if call[0] == "--start-daemon"]
    assert daemon[-3:] == [
        *("--active-domains=1", "--passive-domains=2", "--passive-images=/boot/vmlinux-guest")
    ]
    assert [call[0] for call in calls(log)].count("--reset") == 2  # it has no OProfile
    rows = list(csv.DictReader(io.StringIO(record["profile"]["rows"])))
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


@needs_perf
def test_perf_samples_each_domain_and_leaves_nothing(profile):
    """vc00 and c000 are this machine both: each sees all of it, and its samples are its own."""
    before = set(glob.glob("/tmp/vcperf.*"))
    said, record = profile(profiler="perf")
    assert record, said
    rows = list(csv.DictReader(io.StringIO(record["profile"]["rows"])))
    assert {row["domain"] for row in rows} == {"vc00", "c000"}
    for domain in ("vc00", "c000"):
        found = [row for row in rows if row["domain"] == domain and row["app"] == "netperf"]
        assert sum(int(row["samples"]) for row in found) > 100
    assert sum(float(row["percent"]) for row in rows) == pytest.approx(100, abs=0.01)
    assert any(line.startswith("c000;") for line in record["profile"]["folded"].splitlines())
    # Another worker's tests may have removed theirs meanwhile.
    assert set(glob.glob("/tmp/vcperf.*")) <= before


@needs_perf
def test_an_event_that_a_domain_lacks_is_one_line(profile):
    said, record = profile(profiler="perf", event="no-such-event")
    assert record is None and said.count("\n") == 1
    assert said.startswith("domain vc00: perf record: event syntax error: 'no-such-event'")


class Domain:
    """What the driver asks of Xen nodes: one dom0, on this machine."""

    def __init__(self, sshd):
        self.ssh = Connections(str(sshd.ssh_config))
        self.nodes, self.spec = {"node0": {"dom0": "vc00"}}, {"ends": {}}

    def host_of(self, domain):
        return "one"


WANTED = {"event": "cpu-clock", "frequency_hz": 97}


@contextlib.contextmanager
def domain(sshd):
    bed = Domain(sshd)
    assert bed.ssh.open({"one": False}) == {}
    try:
        yield bed
    finally:
        bed.ssh.close()


@needs_perf
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"HOLD": "sleep 600"}, "domain vc00: perf record: said nothing within 1 s"),
        ({}, "domain vc00: perf record: no answer to enable within 1 s"),
    ],
)
def test_a_domain_that_never_becomes_ready_is_one_line(change, said, sshd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name, value in {"READY_S": 1, "ORDER_S": "1", **change}.items():
        monkeypatch.setattr(perf_domains, name, value)
    hangs = ["sh", "-c", "sleep 600", "perf"]
    monkeypatch.setattr(perf_domains.perf_commands, "record_argv", lambda **_: hangs)
    with domain(sshd) as bed:
        sampler = perf_domains.Sampler(bed, WANTED)
        with pytest.raises(VcperfError) as refused, sampler:
            sampler.start()
        assert str(refused.value) == said and not sampler.sessions


# Takes orders as perf does, $3 being its --control, and goes on when it is told to end.
STAYS = """
trap '' INT
fifos=${3#*fifo:}
while :; do read -r order <"${fifos%,*}"; echo ack >"${fifos#*,}"; done
"""


@needs_perf
def test_a_perf_that_does_not_end_is_one_line(sshd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(perf_domains, "END_S", 1)
    stays = ["sh", "-c", STAYS, "perf"]
    monkeypatch.setattr(perf_domains.perf_commands, "record_argv", lambda **_: stays)
    with domain(sshd) as bed, perf_domains.Sampler(bed, WANTED) as sampler:
        sampler.start()
        sampler.stop()
        with pytest.raises(VcperfError) as refused:
            sampler.result()
    assert str(refused.value) == "domain vc00 (one): perf: record did not end within 1 s"


@needs_perf
def test_a_domains_damaged_recording_is_one_line(sshd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with domain(sshd) as bed, perf_domains.Sampler(bed, WANTED) as sampler:
        sampler.start()
        sampler.stop()
        folder = Path(sampler.folders["vc00"])
        pid = int((folder / "pid").read_text())
        os.kill(pid, signal.SIGINT)
        wait_until(lambda: gone([pid]), "an end of perf")
        with (folder / "perf.data").open("r+b") as data:
            data.write(b"damaged!")
        with pytest.raises(VcperfError) as refused:
            sampler.result()
    assert str(refused.value).startswith("domain vc00 (one): perf: ")
    assert "\n" not in str(refused.value)
    assert not folder.exists()


def test_xenoprof_is_for_xen_alone(tmp_path):
    with pytest.raises(VcperfError, match=r"profile\.profiler: xenoprof samples Xen's domains"):
        plan_of({"profile": {"profiler": "xenoprof"}}, tmp=tmp_path)
