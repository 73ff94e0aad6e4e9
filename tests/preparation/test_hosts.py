"""The testbeds and CPUs of a campaign's hosts."""

import os

import pytest
import yaml
from helpers.checkout import ROOT
from helpers.config import DEFAULT

from vcperf.config import files
from vcperf.errors import VcperfError
from vcperf.preparation import hosts
from vcperf.testbeds.netns import NetnsTestbed

REFUSED = "Operation not permitted"


@pytest.mark.parametrize(
    ("wanted", "baseline", "refused", "expected"),
    [
        ("auto", "native", "", ["netns", "native"]),
        ("auto", None, "", ["netns"]),
        ("auto", "native", REFUSED, ["native"]),
        ("netns", "native", "", ["netns"]),
        ("native", "native", REFUSED, ["native"]),
        (["netns", "native"], None, "", ["netns", "native"]),
        (["xen", "native"], "native", REFUSED, ["xen", "native"]),
        ("netns", None, REFUSED, None),
        (["netns", "native"], "native", REFUSED, None),
    ],
)
def test_a_campaign_has_the_testbeds_that_it_names_and_this_machine_allows(
    monkeypatch, wanted, baseline, refused, expected
):
    monkeypatch.setattr(NetnsTestbed, "host_fault", lambda: refused)
    campaign = {"testbed": wanted, "baseline": {"testbed": baseline} if baseline else {}}
    if expected is None:
        with pytest.raises(VcperfError, match=f"testbed netns: {REFUSED}, or use testbed: native"):
            hosts.chosen_testbeds(campaign)
        return
    found, note = hosts.chosen_testbeds(campaign)
    assert found == expected
    assert (REFUSED in note) == (bool(refused) and wanted == "auto")


def test_one_hardware_thread_of_each_core_comes_first(monkeypatch):
    siblings = {0: "0,2\n", 1: "1,3\n", 2: "0,2\n", 3: "1,3\n"}
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(siblings))
    monkeypatch.setattr(
        hosts.Path, "read_text", lambda self, **_: siblings[int(self.parts[5].removeprefix("cpu"))]
    )
    assert hosts.usable_cpus() == (0, 1, 2, 3)
    siblings.update({0: "0-1\n", 1: "0-1\n", 2: "2-3\n", 3: "2-3\n"})
    assert hosts.usable_cpus() == (0, 2, 1, 3)


def test_an_ssh_destination_is_one_host_in_all_testbed_files(tmp_path):
    content = files.read_yaml(ROOT / "lab/testbed.yaml")
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "testbed.yaml").write_text(yaml.safe_dump(content))
    names = ["xen", "native"]
    one, two = (str(tmp_path / folder / "testbed.yaml") for folder in ("one", "two"))
    assert len(hosts.hosts_of({**DEFAULT, "testbed_file": one}, names, (0, 1))) == 2
    both = {**DEFAULT, "testbed_file": {"xen": one, "native": two}}
    with pytest.raises(VcperfError) as refused:
        hosts.hosts_of(both, names, (0, 1))
    assert str(refused.value) == (
        f"lab-vc00: testbed xen reaches it by {tmp_path}/one/run/ssh_config, testbed native by"
        f" {tmp_path}/two/run/ssh_config; give one of the two hosts another name there"
    )
