"""Single checks of the doctor."""

from types import SimpleNamespace

import pytest

from vcperf.commands import doctor_checks
from vcperf.commands.doctor_checks import FAIL, OK, WARN


def block(*hosts):
    nodes = {host: {"ssh": host, "dom0": "a", "domains": {"a": [[0]]}} for host in hosts}
    spec = {"testbed": "xen", "nodes": nodes, "ends": {}}
    return SimpleNamespace(cell=SimpleNamespace(spec=spec))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_too_little_room_keeps_the_campaign_from_being_measured(here, monkeypatch):
    usage = SimpleNamespace(free=1000)
    monkeypatch.setattr(doctor_checks.shutil, "disk_usage", lambda folder: usage)
    disk, *_ = doctor_checks.of_this_machine(5)
    assert (disk.verdict, disk.mend) == (FAIL, "make room")


@pytest.mark.xdist_group("ssh")
def test_hosts_that_answer_and_one_that_does_not_are_listed(here, sshd):
    silent, checks = doctor_checks.of_hosts([block("one", "down")], str(sshd.ssh_config))
    assert silent == {"down"}
    verdicts = {check.what: check.verdict for check in checks}
    assert verdicts == {"host one": OK, "host down": FAIL}
    (found,) = [check.found for check in checks if check.what == "host one"]
    assert "answers within" in found and "its clock" in found


def test_a_clock_that_is_minutes_away_is_a_warning():
    connections = SimpleNamespace(batch=lambda argvs: {"one": [(0, "1000\n")]})
    check = doctor_checks._clock(connections, "one")
    assert check.verdict == WARN and "synchronise" in check.mend


def test_settings_that_make_results_worse_are_warnings_with_a_way_to_mend_them():
    places = {
        "node0": {"cpu.governor": "powersave", "cpu.turbo": None, "net.eth0.tso": "on"},
        "node1": {"cpu.governor": "performance", "cpu.turbo": "on", "net.eth0.tso": "off"},
        "node0/c000": {"net.eth0.tso": "on"},
    }
    found = [*doctor_checks._of_places(places), *doctor_checks._between(places)]
    assert [(check.what, check.found) for check in found] == [
        ("cpu.governor", "powersave on node0"),
        ("cpu.turbo", "on on node1"),
        ("net.eth0.tso", "off and on on different nodes"),
    ]
    assert all(check.verdict == WARN and check.mend for check in found)


def test_pins_that_share_a_core_are_a_warning():
    spec = {"nodes": {"node0": {"domains": {"a": [[0]], "b": [[1]]}}}}
    places = {"node0": {"cpu.cores": "0-1 2-3", "cpu.nodes": "0-3"}}
    (check,) = doctor_checks._of_pins("netns", [spec], places)
    assert check.what == "pins on netns" and "one physical core" in check.found
