"""Killed, refused, without space: nothing lost, nothing left, and the next run goes on."""

import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import ROOT, Checkout

from vcperf import record
from vcperf.errors import VcperfError

pytestmark = pytest.mark.xdist_group("measuring")

PATIENCE_S = 60
MEASURE = ("python3", "-S", "-m", "vcperf.measure.netperf")


def wait_until(condition, what: str):
    """Poll a condition; what it waits for happens, or the test fails."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"{what}: not within {PATIENCE_S} s")


def descendants(pid: int) -> dict[int, str]:
    """pid -> command line of everything below a process."""
    parents, names = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                name = (entry / "cmdline").read_text().replace("\0", " ")
                parents[int(entry.name)], names[int(entry.name)] = int(fields[1]), name
    found, grown = {pid}, True
    while grown:
        more = {p for p, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return {p: names[p] for p in found & set(names) - {pid}}


def measuring(pid: int) -> dict[int, str]:
    """The descendants, once netperf and netserver are among them."""
    below = descendants(pid)
    started = {name.split()[0] for name in below.values() if name}
    return below if {"netperf", "netserver"} <= started else {}


def gone(pids) -> bool:
    """Whether all have ended (a zombie that its new parent has not reaped has)."""
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                return False
    return True


def host_is_free() -> bool:
    """Whether nobody holds the host's lock."""
    handle = os.open("/", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def a_spec(checkout: Checkout, **changes) -> dict:
    """The spec of a block that the finished campaign measured, changed."""
    found = next(r["spec"] for r in checkout.read_records() if r["spec"]["sender"] == "vc00")
    return {**found, **changes}


def isolate(testbed: str, *command: str) -> list[str]:
    return [str(ROOT / "scripts/isolate"), testbed, *command]


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
    assert done.returncode == 1 and done.stderr.count("\n") == 1
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
    below = wait_until(lambda: measuring(block.pid), "netperf running")
    for pid, name in below.items():
        if "netserver -4" in name:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    _, said = block.communicate(timeout=PATIENCE_S)
    assert block.returncode == 1
    assert len(said.strip().splitlines()) == 1 and "Traceback" not in said, said
    assert not out.exists()


def test_a_campaign_waits_for_the_one_that_measures(checkout, in_new_session):
    handle = os.open("/", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    campaign = checkout.start("results/figures/")
    in_new_session(campaign)
    log = checkout.folder / "campaign.log"
    wait_until(lambda: "is measuring on this host" in log.read_text(), "word of the wait")
    assert f"process {os.getpid()}" in log.read_text()
    assert checkout.records() == {}
    os.close(handle)
    wait_until(checkout.records, "a first record")


def test_a_moved_pin_is_an_error(finished, tmp_path):
    out = tmp_path / "1.json"
    spec = a_spec(finished, duration_s=3)
    cpus = sorted(os.sched_getaffinity(0))
    block = subprocess.Popen(
        isolate(spec["testbed"], *MEASURE, json.dumps(spec), str(out)),
        stderr=subprocess.PIPE,
        text=True,
    )
    below = wait_until(
        lambda: [p for p, n in descendants(block.pid).items() if re.match("netperf .*-l 3 ", n)],
        "the measurement proper",
    )
    (netperf,) = below
    os.sched_setaffinity(netperf, cpus)
    _, said = block.communicate(timeout=PATIENCE_S)
    assert block.returncode == 1
    assert "domain vc00: pinned to CPUs" in said and len(said.strip().splitlines()) == 1
    assert not out.exists()


def in_small_tmpfs(folder: Path, size: str, command: list[str]) -> list[str]:
    """A command that finds a small file system of its own in a folder."""
    mount = f'mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@"'
    user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--mount", "sh", "-c", mount, str(folder), *command]


def can_mount(folder: Path) -> bool:
    tried = subprocess.run(in_small_tmpfs(folder, "4k", ["true"]), capture_output=True, check=False)
    return tried.returncode == 0


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


def test_a_disk_that_fills_leaves_no_half_record(tmp_path):
    if not can_mount(tmp_path):
        pytest.skip("no mounts for this user")
    code = (
        "import os, sys\n"
        "from vcperf import record\n"
        "from vcperf.errors import VcperfError\n"
        "try:\n"
        "    record.write(sys.argv[1], {'x': 'y' * 100_000})\n"
        "except VcperfError as error:\n"
        "    print(error, os.listdir(os.path.dirname(sys.argv[1])))\n"
    )
    python = str(ROOT / ".venv/bin/python")
    done = subprocess.run(
        in_small_tmpfs(tmp_path, "16k", [python, "-c", code, str(tmp_path / "1.json")]),
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "No space left on device" in done.stdout and done.stdout.strip().endswith("[]")


def test_half_a_record_is_refused(tmp_path):
    file = tmp_path / "1.json"
    record.write(str(file), {"spec": {}})
    assert record.read(str(file))["spec"] == {}
    whole = file.read_text()
    for cut in range(len(whole) - 2):
        file.write_text(whole[:cut])
        with pytest.raises(VcperfError, match="delete it and run again"):
            record.read(str(file))
