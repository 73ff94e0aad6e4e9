"""Others leave the CPUs alone before a block is measured, or it is said that they did not."""

import os
import subprocess
import sys

import pytest

from vcperf.measure import quiet
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
