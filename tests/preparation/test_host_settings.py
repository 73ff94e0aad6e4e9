"""Hosts are asked for their settings before a campaign measures."""

import json
import os

import pytest

from vcperf.errors import VcperfError
from vcperf.preparation import host_settings
from vcperf.testbeds import settings
from vcperf.testbeds.ssh import Connections
from vcperf.tools import host_probe

NODE = {"dom0": "vc00", "domains": {"vc00": [[0]], "c000": [[0]]}}
NATIVE = {"testbed": "native", "nodes": {"node0": NODE}}
PRINTED = "== asked net\n== files\n/proc/sys/net/ipv4/tcp_rmem:{}\n== end\n"


@pytest.fixture
def context(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VCPERF_CONTEXT", json.dumps({"remeasure": 1}))
    return lambda: json.loads(os.environ["VCPERF_CONTEXT"])


def test_blocks_get_the_digest_of_each_place_and_the_content_is_kept(context, tmp_path):
    host_settings.note([NATIVE, {**NATIVE, "block": 2}])
    assert context()["remeasure"] == 1
    digest = context()["settings"]["native"]["node0"]
    (file,) = (tmp_path / "results/host_settings").iterdir()
    assert file.name == f"{digest}.json"
    found = json.loads(file.read_text())["settings"]
    assert found["net.lo.mtu"] and not any(name.startswith("net.eth") for name in found)


def test_a_campaign_goes_on_without_settings_that_cannot_be_had(context, monkeypatch, capsys):
    monkeypatch.setattr(host_probe, "PROGRAM", "echo nonsense")
    host_settings.note([NATIVE])
    assert context()["settings"] == {}
    told = capsys.readouterr().err
    assert told.startswith("testbed native: ") and "'nonsense'" in told and told.count("\n") == 1


@pytest.fixture
def batches(monkeypatch):
    """What is asked by ssh; each host answers with its own name."""
    asked = []

    def batch(self, commands):
        asked.append(commands)
        return {host: [(0, PRINTED.format(host))] for host in commands}

    monkeypatch.setattr(Connections, "batch", batch)
    return asked


def ends(**ssh):
    return {domain: {"ssh": host, "address": "10.0.0.1"} for domain, host in ssh.items()}


XEN = {"testbed": "xen", "nodes": {"node0": {**NODE, "ssh": "one"}}, "ends": ends(vc00="one")}


def test_nodes_and_guests_are_asked_in_one_round_trip_and_each_host_once(batches):
    other = {**XEN, "ends": ends(vc00="one", c000="guest")}
    found = settings.by_ssh([XEN, other, other], None)
    assert [list(asked) for asked in batches] == [["one", "guest"]]
    tcp_rmem = {place: its["sysctl.net.ipv4.tcp_rmem"] for place, its in found.items()}
    assert tcp_rmem == {"node0": "one", "node0/c000": "guest"}


def test_blocks_of_hosts_that_do_not_answer_are_left_out(batches, context):
    lost = {**XEN, "nodes": {"node1": {**NODE, "ssh": "two"}}, "ends": ends(vc00="two")}
    host_settings.note([XEN, lost], ["two"])
    assert [list(asked) for asked in batches] == [["one"]]
    assert list(context()["settings"]["xen"]) == ["node0"]


def test_what_no_host_can_have_printed_names_the_host(monkeypatch):
    monkeypatch.setattr(Connections, "batch", lambda self, asked: {"one": [(0, "x")]})
    with pytest.raises(VcperfError, match=r"^one: settings"):
        settings.by_ssh([XEN], None)
