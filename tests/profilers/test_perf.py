"""perf on this host: whose samples are, and recordings that fail."""

import os
import shutil
import subprocess

import pytest
from helpers.perf import needs_perf

from vcperf.errors import VcperfError
from vcperf.profilers import perf as driver
from vcperf.tables import profile as table

pytestmark = pytest.mark.xdist_group("measuring")


class Bed:
    """What the driver asks of a testbed, in this process's own folder."""

    def __init__(self, folder):
        self.folder, self.helpers = str(folder), set()

    def scratch(self):
        return self.folder

    def owners(self):
        return {}, {os.getpid(): "here"}


WANTED = {"name": "perf", "event": "cpu-clock", "frequency_hz": 997}


@needs_perf
def test_what_a_process_forks_belongs_to_its_domain(tmp_path):
    # A name of its own: perf samples the whole machine, other tests' shells as well.
    shell = tmp_path / "forked-shell"
    shell.symlink_to(shutil.which("sh"))
    count = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"
    sampler = driver.Sampler(Bed(tmp_path), WANTED)
    with sampler:
        sampler.start()
        subprocess.run([shell, "-c", '"$0" -c "$1"', shell, count], check=True)
        sampler.stop()
        found = sampler.result()
    rows = table.sampled(found)
    assert {row["domain"] for row in rows if row["app"] == shell.name} == {"here"}
    assert not sampler.testbed.helpers


@needs_perf
def test_a_sample_of_an_event_that_is_no_time_stands_for_no_time(tmp_path):
    found = {}
    for event in ("cpu-clock", "page-faults"):
        sampler = driver.Sampler(Bed(tmp_path), {**WANTED, "event": event})
        with sampler:
            sampler.start()
            subprocess.run(["true"], check=True)
            sampler.stop()
            found[event] = sampler.result()["sample_ns"]
    assert found == {"cpu-clock": pytest.approx(1e9 / 997, rel=1e-3), "page-faults": None}


@needs_perf
def test_a_damaged_recording_is_one_line(tmp_path):
    sampler = driver.Sampler(Bed(tmp_path), WANTED)
    with pytest.raises(VcperfError) as refused, sampler:
        sampler.start()
        sampler.stop()
        sampler.process.send_signal(2)
        sampler.process.wait()
        with open(sampler.data, "r+b") as data:
            data.write(b"damaged!")
        sampler.result()
    assert str(refused.value).startswith("perf ") and "\n" not in str(refused.value)


@needs_perf
def test_a_perf_that_never_becomes_ready_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "READY_S", 0.2)
    monkeypatch.setattr(driver.perf_commands, "record_argv", lambda **_: ["sleep", "600"])
    sampler = driver.Sampler(Bed(tmp_path), WANTED)
    with pytest.raises(VcperfError) as refused, sampler:
        pass
    assert str(refused.value) == "perf record: no answer to ping within 0.2 s"
    assert sampler.process.poll() is not None


@needs_perf
def test_an_event_that_the_host_lacks_is_one_line(tmp_path):
    sampler = driver.Sampler(Bed(tmp_path), {**WANTED, "event": "no-such-event"})
    with pytest.raises(VcperfError) as refused, sampler:
        pass
    assert "no-such-event" in str(refused.value) and "\n" not in str(refused.value)
