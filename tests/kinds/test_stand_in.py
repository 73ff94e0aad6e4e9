"""What iperf3 measures in place of netperf, and what it cannot."""

import pytest
from helpers.config import DEFAULT
from helpers.plans import plan_of

from vcperf.config import campaign_file, files
from vcperf.kinds import stand_in


def checked(**change):
    return campaign_file.checked(files.merge(DEFAULT, change))


def test_the_section_netperf_becomes_one_of_iperf3():
    made = stand_in.rewritten(checked(netperf={"tests": ["TCP_STREAM", "TCP_RR"]}))
    assert "netperf" not in made
    assert made["iperf3"] == {
        "paths": DEFAULT["netperf"]["paths"],
        "protocols": ["TCP"],
        "modes": ["forward"],
        "streams": [1],
        "message_bytes": DEFAULT["netperf"]["message_bytes"],
        "duration_s": 1,
        "warmup_s": 1,
    }
    assert made["baseline"]["measurements"] == ["iperf3"]
    assert made["profile"]["paths"] == {} and "pingpong" in made["profile"]


def test_a_campaign_that_says_so_has_cells_of_iperf3_and_none_of_netperf():
    plan = plan_of({"instead_of_netperf": "iperf3"})
    cells = [cell for cell in plan_of({}).cells if cell.kind == "netperf"]
    replacing = [cell for cell in plan.cells if cell.kind == "iperf3"]
    assert len(replacing) == len(cells) and "netperf" not in plan.kinds
    assert not any(cell.labels.get("workload") == "netperf" for cell in plan.cells)


def test_a_section_iperf3_stays_as_it_is():
    own = {"paths": {"config1": ["vc00->c010"]}, "protocols": ["UDP"], "modes": ["reverse"]}
    own |= {"streams": [3], "message_bytes": [100], "duration_s": 1, "warmup_s": 0}
    assert stand_in.rewritten(checked(iperf3=own))["iperf3"] == own


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({}, ["profiles of netperf"]),
        ({"profile": None}, []),
        (
            {
                "profile": None,
                "netperf": {
                    "tests": ["TCP_STREAM", "TCP_RR", "UDP_RR"],
                    "message_bytes": [1, 2**21],
                    "percentiles": True,
                },
            },
            ["TCP_RR", "UDP_RR", "messages of 2097152 bytes", "percentiles"],
        ),
    ],
)
def test_what_iperf3_cannot_give_is_named(change, lost):
    assert stand_in.lost(checked(**change)) == lost


@pytest.mark.parametrize(
    "change",
    [
        {"netperf": None},
        {"netperf": {"tests": ["TCP_RR"]}},
        {"netperf": {"message_bytes": [2**21]}},
        {"netperf": {"paths": dict.fromkeys(DEFAULT["netperf"]["paths"])}},
    ],
)
def test_where_nothing_is_left_iperf3_cannot_take_the_place(change):
    assert stand_in.possible(checked())
    assert not stand_in.possible(checked(**change))
