"""Whether iperf3 is to measure in place of netperf on this machine."""

import pytest
from helpers.config import DEFAULT

from vcperf.config import campaign_file, files
from vcperf.preparation import stand_in
from vcperf.testbeds import programs

NETPERF = ("netperf", "netserver")


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """What is chosen where some programs are there, of a configuration with a change."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(programs, "TOOL_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def choose(*there, **change):
        (tmp_path / "bin").mkdir(exist_ok=True)
        for name in there:
            (tmp_path / "bin" / name).touch(mode=0o755)
        return stand_in.chosen(campaign_file.checked(files.merge(DEFAULT, change)))

    return choose


def test_where_netperf_is_not_to_be_had_iperf3_takes_its_place_and_says_what_is_lost(chosen):
    said = chosen("iperf3")
    assert said == (
        "not found: netperf, netserver: iperf3 measures in place of netperf; without profiles of"
        " netperf, which it cannot give (instead_of_netperf: never forbids it)"
    )


@pytest.mark.parametrize(
    ("there", "change"),
    [
        (("iperf3", *NETPERF), {}),
        ((), {}),
        (("iperf3",), {"instead_of_netperf": "never"}),
        (("iperf3",), {"netperf": None}),
        (("iperf3",), {"netperf": {"tests": ["TCP_RR"]}}),
        (("iperf3",), {"testbed_file": "/hosts.yaml"}),
    ],
)
def test_it_does_not_take_the_place_else(chosen, there, change):
    assert chosen(*there, **change) == ""


def test_a_campaign_that_has_begun_with_netperf_goes_on_with_it(chosen, tmp_path):
    folder = tmp_path / "results/raw/netns/netperf/cell"
    folder.mkdir(parents=True)
    assert chosen("iperf3")
    (folder / "1.json").touch()
    assert chosen("iperf3") == ""
