"""Killed, refused, without space: nothing lost, nothing left, and the next run goes on."""

import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess

import pytest
from helpers.checkout import ROOT, Checkout
from helpers.processes import PATIENCE_S, gone, host_is_free, measuring, wait_until
from helpers.small_disk import can_mount, in_small_tmpfs
from helpers.ssh_site import ONE_CELL, but_waiting

from vcperf.records import record
from vcperf.running import host_lock

pytestmark = pytest.mark.xdist_group("measuring")

MEASURE = ("python3", "-S", "-m", "vcperf.measure.netperf")


def a_spec(checkout: Checkout, **changes) -> dict:
    """The spec of a block that the finished campaign measured, changed."""
    found = next(r["spec"] for r in checkout.read_records() if r["spec"]["sender"] == "vc00")
    return {**found, **changes}


def isolate(testbed: str, *command: str) -> list[str]:
    return [str(ROOT / "scripts/isolate"), testbed, *command]


@pytest.mark.slow
def test_a_killed_campaign_goes_on_where_it_was(checkout, in_new_session):
    campaign = checkout.start("results/figures/")
    in_new_session(campaign)
    wait_until(lambda: len(checkout.records()) >= 2, "two blocks measured")
    below = wait_until(lambda: measuring(campaign.pid), "a third one under way")
    campaign.kill()
    campaign.wait()
    wait_until(lambda: gone(below), "an end of all that the campaign had started")
    wait_until(host_is_free, "the host's lock free")
    kept = {name: path.stat().st_mtime_ns for name, path in checkout.records().items()}
    assert len(kept) < 12
    assert all(record.read(str(path))["spec"] for path in checkout.records().values())

    planned = checkout.snakemake("-n", "results/figures/")
    assert planned.stdout.count("output: results/raw") == 12 - len(kept), planned.stderr
    again = checkout.snakemake("results/figures/")
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(checkout.records()) == 12
    for name, written in kept.items():
        assert checkout.records()[name].stat().st_mtime_ns == written


def test_an_interrupted_campaign_keeps_the_block_that_ran(checkout, in_new_session):
    """Snakemake alone gets the signal: it waits for the block, and calls its output incomplete."""
    campaign = checkout.start("results/figures/")
    in_new_session(campaign)
    wait_until(checkout.records, "a first record")
    wait_until(lambda: measuring(campaign.pid), "another block under way")
    campaign.send_signal(signal.SIGINT)
    campaign.wait(timeout=PATIENCE_S)
    kept = set(checkout.records())
    assert 2 <= len(kept) < 12
    assert any((checkout.folder / ".snakemake/incomplete").iterdir())

    planned = checkout.snakemake("-n", "results/figures/")
    measured = set(re.findall(r"output: (results/raw/\S+)", planned.stdout))
    assert len(measured) == 12 - len(kept) and not measured & kept
    by_path = checkout.snakemake("-n", *kept)
    assert "Nothing to be done" in by_path.stdout + by_path.stderr


def test_no_signal_fails_a_block_whose_record_is_written(tmp_path):
    """Snakemake would delete the record of a job that fails."""
    out = tmp_path / "1.json"
    code = (
        "import os, signal, sys\n"
        "from vcperf.records import record\n"
        "from vcperf.measure import block\n"
        "write = record.write\n"
        "def write_and_be_stopped(path, content):\n"
        "    write(path, content)\n"
        "    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):\n"
        "        os.kill(os.getpid(), number)\n"
        "record.write = write_and_be_stopped\n"
        "block._measured = lambda *_: {'spec': {}}\n"
        "sys.exit(block.main(None))\n"
    )
    done = subprocess.run(
        [str(ROOT / ".venv/bin/python"), "-c", code, '{"testbed": "native"}', str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts"), host_lock.NODE_LOCKED: "1"},
        check=False,
    )
    assert done.returncode == 0 and out.exists()


def test_a_second_run_plans_when_the_first_has_ended(checkout, in_new_session):
    few = checkout.overlay(
        "few.yaml",
        {"blocks": 1, "netperf": {"paths": {"config2": None}, "message_bytes": [1024]}},
    )
    first = checkout.start("results/figures/", configfile=few)
    in_new_session(first)
    wait_until(lambda: measuring(first.pid), "a block under way")
    second = checkout.start("results/figures/", configfile=few, log_name="second.log")
    in_new_session(second)
    log = checkout.folder / "second.log"
    wait_until(lambda: f"Waiting: process {first.pid} (in " in log.read_text(), "word of the wait")
    assert first.wait(timeout=PATIENCE_S) == 0, (checkout.folder / "campaign.log").read_text()
    assert second.wait(timeout=PATIENCE_S) == 0, log.read_text()
    assert "Nothing to be done" in log.read_text()


@pytest.mark.slow
def test_snakemake_only_waits_while_a_block_runs(checkout, in_new_session):
    """It would have a thread for each block that has been measured, all of them at work."""
    campaign = checkout.start("results/figures/")
    in_new_session(campaign)
    wait_until(lambda: len(checkout.records()) >= 9, "most blocks measured")
    assert len(os.listdir(f"/proc/{campaign.pid}/task")) <= 5


@contextlib.contextmanager
def holding(path, flags=os.O_RDONLY):
    """A lock that others must wait for; it goes with the test, also when that fails."""
    handle = os.open(path, flags)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("locked", ["results/.lock", "/"])
def test_a_campaign_that_waits_is_stopped_at_once_in_one_line(
    checkout, in_new_session, locked, how
):
    flags = os.O_RDONLY if locked == "/" else os.O_RDWR | os.O_CREAT
    log = checkout.folder / "campaign.log"
    with holding(checkout.folder / locked, flags):
        campaign = checkout.start("results/figures/")
        in_new_session(campaign)
        wait_until(lambda: f"Waiting: process {os.getpid()}" in log.read_text(), "word of the wait")
        before = len(log.read_text().splitlines())
        campaign.send_signal(how)
        assert campaign.wait(timeout=PATIENCE_S) == 128 + how
    said = log.read_text().splitlines()[before:]
    assert len(said) == 1 and said[0].startswith("Stopped while waiting for process"), said
    assert checkout.records() == {}


@pytest.mark.slow
def test_a_campaign_that_waits_for_a_host_is_stopped_at_once_in_one_line(site, in_new_session):
    campaign_file = site.overlay("by-ssh.yaml", {**ONE_CELL, "testbed": "native"})
    log = site.folder / "campaign.log"
    with holding("/"):
        campaign = site.start("results/figures/", configfile=campaign_file)
        in_new_session(campaign)
        wait_until(lambda: "Waiting: another campaign" in log.read_text(), "word of the wait")
        before = len(log.read_text().splitlines())
        campaign.send_signal(signal.SIGTERM)
        assert campaign.wait(timeout=PATIENCE_S) == 128 + signal.SIGTERM
    said = log.read_text().splitlines()[before:]
    assert len(said) == 1 and said[0].startswith("Stopped while waiting for "), said
    assert site.records() == {}


def test_a_killed_campaign_leaves_no_temporary_folder(checkout, in_new_session, tmp_path_factory):
    folder = tmp_path_factory.mktemp("temporary")
    log = checkout.folder / "campaign.log"
    with holding("/"):
        campaign = checkout.start("results/figures/", env={"TMPDIR": str(folder)})
        in_new_session(campaign)
        wait_until(lambda: "Waiting: process" in log.read_text(), "word of the wait")
        campaign.kill()
        campaign.wait()
    assert list(folder.iterdir()) == []


def test_a_netperf_that_fails_is_told_by_its_reason_not_its_banner(finished, tmp_path):
    """Real netperf says why on stderr, at once, and its banner on stdout, when it ends."""
    standin = tmp_path / "netperf"
    standin.write_text(
        "#!/bin/sh\necho 'netperf: send_omni: connect_data_socket failed: Connection refused' >&2\n"
        "echo 'MIGRATED TCP STREAM TEST from 0.0.0.0 port 0 AF_INET to x : demo'\nexit 1\n"
    )
    standin.chmod(0o755)
    spec = json.dumps(a_spec(finished, warmup_s=0))
    done = subprocess.run(
        isolate(a_spec(finished)["testbed"], *MEASURE, spec, str(tmp_path / "1.json")),
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and but_waiting(done.stderr).count("\n") == 1
    assert done.stderr.endswith(
        "ended with status 1: netperf: send_omni: connect_data_socket failed: Connection refused\n"
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_block_leaves_no_record_and_no_process(finished, tmp_path, in_new_session, how):
    out = tmp_path / "1.json"
    spec = json.dumps(a_spec(finished, duration_s=60))
    block = subprocess.Popen(
        isolate(a_spec(finished)["testbed"], *MEASURE, spec, str(out)), start_new_session=True
    )
    in_new_session(block)
    below = wait_until(lambda: measuring(block.pid), "netperf running")
    if how == signal.SIGKILL:
        block.kill()
    else:
        os.killpg(block.pid, how)  # as Ctrl-C does, and batch systems
    block.wait(timeout=PATIENCE_S)
    wait_until(lambda: gone(below), "an end of all that the block had started")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_netserver_fails_its_block_and_a_retry_mends_it(finished, tmp_path):
    out = tmp_path / "1.json"
    spec = json.dumps(a_spec(finished, duration_s=2))
    block = subprocess.Popen(
        isolate(a_spec(finished)["testbed"], *MEASURE, spec, str(out)),
        stderr=subprocess.PIPE,
        text=True,
    )

    def counted():
        """The descendants, once the run that counts has begun: a warm-up is tried again."""
        below = measuring(block.pid)
        return below if any(" -l 2 " in name for name in below.values()) else {}

    below = wait_until(counted, "netperf running")
    for pid, name in below.items():
        if "netserver -4" in name:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    _, said = block.communicate(timeout=PATIENCE_S)
    assert block.returncode == 1
    assert but_waiting(said).count("\n") == 1 and "Traceback" not in said, said
    assert not out.exists()


def test_a_campaign_waits_for_the_one_that_measures(checkout, in_new_session):
    log = checkout.folder / "campaign.log"
    with holding("/"):
        campaign = checkout.start("results/figures/")
        in_new_session(campaign)
        wait_until(lambda: "is measuring on this host" in log.read_text(), "word of the wait")
        assert f"process {os.getpid()}" in log.read_text()
        assert checkout.records() == {}
    wait_until(checkout.records, "a first record")


def test_a_block_by_hand_waits_for_the_campaign_that_measures(
    finished, tmp_path, monkeypatch, in_new_session
):
    monkeypatch.delenv(host_lock.NODE_LOCKED, raising=False)
    argv = isolate(a_spec(finished)["testbed"], *MEASURE)
    argv += [json.dumps(a_spec(finished)), str(tmp_path / "1.json")]
    handle = os.open("/", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    block = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, start_new_session=True)
    in_new_session(block)
    assert block.stderr.readline().endswith(" is measuring on this host.\n")
    assert not measuring(block.pid)
    of_a_campaign = {**os.environ, host_lock.NODE_LOCKED: "1"}
    inside = [*argv[:-1], str(tmp_path / "2.json")]
    done = subprocess.run(inside, env=of_a_campaign, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Waiting" not in done.stderr, "its campaign holds the host"
    assert not (tmp_path / "1.json").exists()
    os.close(handle)
    assert block.wait(timeout=PATIENCE_S) == 0
    assert (tmp_path / "1.json").exists()


def test_a_full_disk_stops_before_anything_is_measured(checkout):
    if not can_mount(checkout.folder / "results"):
        pytest.skip("no mounts for this user")
    results = checkout.folder / "results"
    done = subprocess.run(
        in_small_tmpfs(results, "1m", checkout.argv("results/figures/")),
        cwd=checkout.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "results: no space left on device" in output
    assert "Traceback" not in output and "rule measure" not in done.stdout.split("Job stats")[0]
