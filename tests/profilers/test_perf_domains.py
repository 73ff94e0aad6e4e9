"""perf in domains reached by ssh, over a real sshd."""

import contextlib
import glob
import os
import signal
from pathlib import Path

import pytest
from helpers.perf import needs_perf
from helpers.processes import gone, wait_until

from vcperf.errors import VcperfError
from vcperf.profilers import perf_domains
from vcperf.tables.profile import sampled
from vcperf.testbeds.ssh import Connections

pytestmark = pytest.mark.xdist_group("measuring")


@needs_perf
def test_perf_samples_each_domain_and_leaves_nothing(profile):
    """vc00 and c000 are this machine both: each sees all of it, and its samples are its own."""
    before = set(glob.glob("/tmp/vcperf.*"))
    said, record = profile(profiler="perf")
    assert record, said
    rows = sampled(record["profile"])
    assert {row["domain"] for row in rows} == {"vc00", "c000"}
    for domain in ("vc00", "c000"):
        found = [row for row in rows if row["domain"] == domain and row["app"] == "netperf"]
        assert sum(row["samples"] for row in found) > 100
    assert sum(row["percent"] for row in rows) == pytest.approx(100, abs=0.01)
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
        ({"HOLD": "sleep 600"}, "domain vc00: perf record: no answer within 1 s"),
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


# Takes orders as perf does, $3 being its --control, and ignores the order to end.
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
