"""Whether domains reach each other is tried, between real ones by ssh."""

from types import SimpleNamespace

import pytest

from vcperf.commands.doctor_checks import FAIL, OK
from vcperf.commands.doctor_paths import of_paths


def block(kind, address="127.0.0.1", **asked):
    nodes = {
        "node0": {"ssh": "one", "dom0": "vc00", "domains": {"vc00": [[0]]}},
        "node1": {"ssh": "two", "dom0": "vc10", "domains": {"c010": [[0]]}},
    }
    ends = {
        "vc00": {"ssh": "one", "address": "127.0.0.1"},
        "c010": {"ssh": "two", "address": address},
    }
    spec = {"testbed": "native", "kind": kind, "sender": "vc00", "receiver": "c010"}
    spec |= {"nodes": nodes, "ends": ends, **asked}
    return SimpleNamespace(cell=SimpleNamespace(spec=spec))


@pytest.fixture
def context(sshd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return {"ssh_config": str(sshd.ssh_config)}


@pytest.mark.xdist_group("measuring")
def test_each_path_is_tried_once_per_protocol(context):
    blocks = [
        block("netperf", test="TCP_STREAM", message_bytes=1),
        block("netperf", test="TCP_STREAM", message_bytes=2),
        block("netperf", test="UDP_STREAM"),
        block("iperf3", protocol="TCP"),
        block("iperf3", protocol="UDP"),
        block("imb"),
    ]
    found = [(c.what, c.found.partition(":")[0], c.verdict) for c in of_paths(blocks, context, ())]
    tools = ["netperf, TCP", "netperf, UDP", "iperf3, TCP", "iperf3, UDP"]
    assert found == [("vc00 to c010", tool, OK) for tool in tools]


@pytest.mark.xdist_group("measuring")
def test_a_receiver_that_cannot_serve_fails_its_path(context):
    (check,) = of_paths([block("netperf", "192.0.2.1", test="TCP_STREAM")], context, ())
    assert check.verdict == FAIL and "c010" in check.found and "12865" in check.found


def test_paths_of_a_host_that_does_not_answer_are_left_out():
    assert list(of_paths([block("netperf", test="TCP_STREAM")], {}, {"two"})) == []
