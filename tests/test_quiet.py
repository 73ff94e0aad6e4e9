"""Others leave the CPUs alone before a block is measured, or it is said that they did not."""

import json
import os
import subprocess
import sys

import pytest

from vcperf import observation, quiet
from vcperf.measure import block
from vcperf.tables import common
from vcperf.testbeds import processes, remote
from vcperf.testbeds.native import NativeTestbed

SPEC = {"testbed": "native", "nodes": {"n": {"dom0": "d", "domains": {"d": [[0]]}}}}
SPIN = [sys.executable, "-c", "while True: pass"]


class Hosts:
    """A testbed whose others take a share of a CPU in each sample, as a list says; a clock
    that it drives."""

    def __init__(self, monkeypatch, shares, glance=True):
        self.shares, self.glance, self.looks = shares, glance, 0
        self.clock_s = self.program_s = 0.0
        monkeypatch.setattr(quiet.time, "monotonic", lambda: self.clock_s)
        monkeypatch.setattr(quiet.time, "sleep", self._sleep)

    def _sleep(self, seconds):
        self.clock_s += seconds
        # The first look ends no sample: the next sample is that of looks - 1.
        self.program_s += seconds * self.shares[min(self.looks - 1, len(self.shares) - 1)] / 100

    def others_run(self):
        return self.glance

    def observe(self):
        self.looks += 1
        now = {"clock_s": self.clock_s, "program_s": self.program_s, "own_s": 0.0, "steal_s": 0.0}
        return {"hosts": {"h": now}}


def test_where_a_glance_sees_nobody_nothing_is_waited_for(monkeypatch):
    hosts = Hosts(monkeypatch, [100], glance=False)
    assert quiet.wait(hosts, 10, 5) == 0.0 and hosts.looks == 0


def test_it_waits_until_a_sample_is_quiet(monkeypatch, capsys):
    hosts = Hosts(monkeypatch, [100, 50, 9, 100])
    assert quiet.wait(hosts, 10, 5) == pytest.approx(3 * quiet.SAMPLE_S)
    assert capsys.readouterr().err == ""


def test_it_gives_up_in_time_and_says_so(monkeypatch, capsys):
    hosts = Hosts(monkeypatch, [80])
    assert quiet.wait(hosts, 10, 1.1) == pytest.approx(1.1, abs=0.011)
    assert "others still took 80 % of a CPU" in capsys.readouterr().err


def test_known_disturbers_are_waited_for_without_a_glance(monkeypatch):
    hosts = Hosts(monkeypatch, [50, 0], glance=False)
    assert quiet.wait(hosts, 10, 5, known=True) == pytest.approx(2 * quiet.SAMPLE_S)
    assert quiet.wait(hosts, 10, 0, known=True) == 0.0


def test_the_wait_of_a_block_is_bounded_over_its_attempts(monkeypatch):
    asked = []

    def wait(testbed, limit, wait_s, known):
        asked.append((limit, round(wait_s, 3), known))
        return 1.5

    monkeypatch.setattr(block.quiet, "wait", wait)
    busy = iter([(30.0, 0.0), (20.0, 0.0), (40.0, 0.0)])
    monkeypatch.setattr(block.observation, "disturbance", lambda *_: next(busy))
    context = {"disturbed_percent": 7, "remeasure": 2, "quiet": {"wait_s": 4}, "code": "this"}

    def measure(testbed, spec, content):
        content["before"] = content["after"] = {}

    record = block._measured(measure, SPEC, context)
    assert record["code"] == "this"
    assert asked == [(7, 4, False), (7, 2.5, True), (7, 1.0, True)]
    assert record["waited_s"] == 1.5 and [a["waited_s"] for a in record["disturbed"]] == [1.5] * 2


def test_a_program_beside_us_is_seen_at_a_glance_and_waited_for(capsys):
    """On every CPU, so that whatever else runs here, some do."""
    spinning = [subprocess.Popen(SPIN) for _ in range(os.cpu_count())]
    try:
        with NativeTestbed(SPEC, {}) as testbed:
            testbed.pin()
            assert testbed.others_run()
            assert quiet.wait(testbed, 10, 0.3) >= 0.3
        assert "others still took" in capsys.readouterr().err
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def test_glances_go_by_what_most_of_them_see(tmp_path, monkeypatch):
    seen = iter([1, 3, 2, 1, 1, 1, 3, 2, 1, 2])
    opened = open

    def stat(path, **options):
        assert path == "/proc/stat"
        (tmp_path / "stat").write_text(f"cpu  1 2 3\nprocs_running {next(seen)}\nsoftirq 1 2\n")
        return opened(tmp_path / "stat", **options)

    monkeypatch.setattr(processes, "open", stat, raising=False)
    assert not processes.others_run()
    assert processes.others_run()


def test_hosts_reached_by_ssh_are_not_asked():
    assert remote.RemoteTestbed.others_run(None) is False


def test_what_the_kernel_tells_of_cpus(tmp_path):
    assert processes.cpu_state([0, 1], str(tmp_path)) == {}
    for name, text in (
        ("cpu0/cpufreq/scaling_cur_freq", "2400000\n"),
        ("cpu0/thermal_throttle/core_throttle_count", "7\n"),
        ("cpu1/cpufreq/scaling_cur_freq", "<unknown>\n"),
        ("cpu1/thermal_throttle/core_throttle_count", "8\n"),
        ("cpu1/thermal_throttle/package_throttle_count", "9\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert processes.cpu_state([0, 1, 2], str(tmp_path)) == {
        "cpu_khz": {"0": 2400000},
        "core_throttles": {"0": 7, "1": 8},
        "package_throttles": {"1": 9},
    }


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ({}, {}, None),
        ({"core_throttles": {"0": 7}}, {"core_throttles": {"0": 7}}, False),
        ({"core_throttles": {"0": 7, "1": 1}}, {"core_throttles": {"0": 7, "1": 2}}, True),
        ({"package_throttles": {"0": 1}}, {"package_throttles": {"0": 2}}, True),
    ],
)
def test_throttling_is_a_count_that_rises(first, last, said):
    looks = [{"hosts": {"plain": {}, "h": look}} for look in (first, last)]
    assert observation.throttled(*looks) is said


def test_records_and_tables_tell_of_it(finished):
    import pandas as pd

    for record in finished.read_records():
        (first,), (last,) = (record[look]["hosts"].values() for look in ("before", "after"))
        assert record["waited_s"] == 0.0
        for look in (first, last):
            assert look["load"] >= 0 and look["steal_s"] >= 0
            known = os.path.exists("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq")
            assert ("cpu_khz" in look) == known
    table = pd.read_csv(finished.folder / "results/tables/netperf.csv")
    assert (table["waited_s"] == 0).all() and "throttled" in table


def test_a_block_tells_all_its_waits_and_old_records_none(finished):
    content = finished.read_records()[0]
    planned = {"shared_cpus": "no", "record": "r.json"}
    rows = []
    for waits in ((0.5, 0.25), (None, None)):
        attempt, other = json.loads(json.dumps(content)), {}
        for target, waited in zip((attempt, other), waits, strict=True):
            target.pop("waited_s", None)
            target.update({"waited_s": waited} if waited else {})
        rows.append(common.conditions(planned, attempt | {"disturbed": [other]}, 0.0, 10))
    assert [row["waited_s"] for row in rows] == [0.75, 0.0]
    assert rows[0]["attempts"] == 2


def test_how_long_to_wait_is_part_of_no_key(finished):
    edited = finished.overlay("edited.yaml", {"quiet": {"wait_s": 7}})
    done = finished.snakemake("-n", "results/figures/", configfile=edited)
    assert done.returncode == 0 and "rule measure" not in done.stdout + done.stderr
