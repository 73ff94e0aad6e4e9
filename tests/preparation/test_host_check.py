"""What keeps this machine from measuring is one line, before anything is measured."""

import dataclasses
from types import SimpleNamespace

import pytest

from vcperf import kinds
from vcperf.errors import VcperfError
from vcperf.preparation import host_check
from vcperf.testbeds import node_sessions


@pytest.fixture
def lacking(monkeypatch, tmp_path):
    """A campaign of a kind whose program is nowhere."""
    monkeypatch.chdir(tmp_path)
    card = dataclasses.replace(kinds.CARDS["netperf"], tools={"no-such-meter": "meter-tools"})
    monkeypatch.setitem(kinds.CARDS, "netperf", card)
    monkeypatch.setattr(host_check.host_lock, "hold_host", lambda: None)
    monkeypatch.setattr(node_sessions, "hold", lambda specs, config: [])
    monkeypatch.setattr(host_check.host_settings, "note", lambda specs, silent: None)

    def campaign(testbed, site):
        cell = SimpleNamespace(kind="netperf", labels={}, spec={"testbed": testbed})
        host = SimpleNamespace(testbed=testbed, site=site)
        return SimpleNamespace(hosts=[host]), [SimpleNamespace(cell=cell)]

    return campaign


def test_a_program_of_a_kind_that_is_missing_is_named_with_its_package(lacking):
    with pytest.raises(VcperfError, match=r"^not found: no-such-meter; install meter-tools$"):
        host_check.check_host(*lacking("native", None))


def test_a_campaign_without_the_kind_does_not_need_its_program(lacking):
    ready, (block,) = lacking("native", None)
    block.cell.kind = "bandwidth"
    host_check.check_host(ready, [block])


def test_programs_of_domains_on_other_hosts_are_not_looked_for_here(lacking):
    host_check.check_host(*lacking("xen", SimpleNamespace(context={}, nodes={})))
