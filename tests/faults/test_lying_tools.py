"""Programs that hang, print without end, or report what they have not done."""

import json
import os
import re
import subprocess
import sys

import pytest
from helpers import local_block, trials
from helpers.processes import descendants, gone, wait_until

REAL_VERSION = 'case "$*" in *-V*) exec REAL "$@" ;; esac'
NATIVE = "native"
# netperf's report, of a run that began an hour ago by the clock.
AN_HOUR_LATER = "REAL \"$@\" | sed 's/^ELAPSED_TIME=.*/ELAPSED_TIME=3601.00/'"
# A block whose clock jumps between its start and its end.
JUMPING = """
import runpy, time
real, begun = time.time, time.monotonic()
time.time = lambda: real() + (3600 if time.monotonic() > begun + 0.6 else 0)
runpy.run_module("vcperf.measure.netperf", run_name="__main__", alter_sys=True)
"""


def measured(trial, record, programs, **changes) -> dict | None:
    """What a block with other programs ends in: its record, or none and one line."""
    done = local_block.run(local_block.spec_of(NATIVE, **changes), record, programs)
    trial.check(done.stderr)
    assert (done.returncode == 0) == record.exists() == (not trial.sees)
    return json.loads(record.read_text()) if record.exists() else None


@pytest.mark.slow
@trials.of("hangs")
def test_a_netperf_that_closes_its_output_and_goes_on(trial, tmp_path):
    standin = local_block.standin(
        tmp_path / "bin", "netperf", REAL_VERSION, "exec >&- 2>&-", "sleep 1000"
    )
    measured(trial, tmp_path / "1.json", standin)


@trials.of("endless")
def test_a_netperf_that_prints_without_end(trial, tmp_path):
    standin = local_block.standin(
        tmp_path / "bin", "netperf", REAL_VERSION, "head -c 500000000 /dev/zero"
    )
    measured(trial, tmp_path / "1.json", standin)


@trials.of("endless version")
def test_a_version_without_end(trial, tmp_path):
    only = REAL_VERSION.replace('exec REAL "$@"', "head -c 500000000 /dev/zero; exit")
    standin = local_block.standin(tmp_path / "bin", "netperf", only, 'exec REAL "$@"')
    record = measured(trial, tmp_path / "1.json", standin)
    assert "version" not in record["host"]["tools"]["netperf"]


def report() -> str:
    """netperf's for a block of local_block, as it was once."""
    text = (local_block.ROOT / "tests/data/records/netperf.json").read_text()
    (run,) = (c for c in json.loads(text)["commands"] if c["role"] == "measure")
    (rate,) = re.findall(r"^THROUGHPUT=(.*)$", run["output"], re.M)
    return f"{run['output']}LOCAL_SEND_THROUGHPUT={rate}\n"  # asked for since


@trials.of("at once")
def test_a_report_of_nothing(trial, tmp_path):
    (tmp_path / "report").write_text(report())
    standin = local_block.standin(
        tmp_path / "bin", "netperf", REAL_VERSION, f"cat {tmp_path}/report"
    )
    measured(trial, tmp_path / "1.json", standin)


@pytest.mark.slow
@trials.of("long")
def test_a_netperf_that_takes_longer_than_it_says(trial, tmp_path):
    standin = local_block.standin(
        tmp_path / "bin", "netperf", REAL_VERSION, 'REAL "$@"', "sleep 10"
    )
    measured(trial, tmp_path / "1.json", standin)


@trials.of("clock of netperf")
def test_a_clock_that_is_set_while_netperf_runs(trial, tmp_path):
    standin = local_block.standin(tmp_path / "bin", "netperf", REAL_VERSION, AN_HOUR_LATER)
    measured(trial, tmp_path / "1.json", standin)


@trials.of("our clock")
def test_a_clock_that_is_set_while_a_block_runs(trial, tmp_path):
    spec, record = local_block.spec_of(NATIVE), tmp_path / "1.json"
    argv = local_block.argv_of(spec, record)
    argv = [word for word in argv if word not in local_block.MEASURE]
    argv[2:2] = [sys.executable, "-S", "-c", JUMPING]
    done = subprocess.run(
        argv, env=local_block.environment(), capture_output=True, text=True, check=False
    )
    trial.check(done.stderr)
    run = next(c for c in json.loads(record.read_text())["commands"] if c["role"] == "measure")
    assert 0.9 < run["end"] - run["start"] < 60


@pytest.mark.slow
@trials.of("server's child")
def test_a_child_of_netserver_that_stays(trial, tmp_path):
    pid = tmp_path / "pid"
    standin = local_block.standin(
        tmp_path / "bin", "netserver", "sleep 1000 &", f"echo $! >{pid}", 'exec REAL "$@"'
    )
    measured(trial, tmp_path / "1.json", standin)
    wait_until(lambda: gone([int(pid.read_text())]), "its end")


@trials.of("loopback")
def test_loopback_that_is_down(trial, tmp_path):
    """A new network namespace begins so."""
    user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    inside = ["sh", "-c", 'mount -t sysfs sysfs /sys && exec "$@"', "sh"]
    argv = local_block.argv_of(local_block.spec_of(NATIVE), tmp_path / "1.json")
    done = subprocess.run(
        ["unshare", *user, "--net", "--mount", *inside, *argv],
        env=local_block.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if "permission denied" in done.stderr:
        pytest.skip("no namespaces for this user")
    assert done.returncode == 1
    trial.check(done.stderr)


@trials.of("pins moved")
def test_a_pin_that_another_program_moves(trial, tmp_path):
    spec, record = local_block.spec_of(NATIVE, duration_s=2), tmp_path / "1.json"
    with subprocess.Popen(
        local_block.argv_of(spec, record),
        env=local_block.environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as block:
        running = wait_until(
            lambda: [p for p, n in descendants(block.pid).items() if n.startswith("netperf ")],
            "netperf running",
        )
        for pid in running:
            os.sched_setaffinity(pid, os.sched_getaffinity(0))
        said = block.stderr.read()
    trial.check(said)
    assert block.returncode == 1 and not record.exists()
