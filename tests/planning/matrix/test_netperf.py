"""Cells of netperf: what keys them."""

import pytest
from helpers.plans import plan_of

from vcperf.errors import VcperfError
from vcperf.planning import matrix


def specs(**changes):
    section = {"tests": ["TCP_STREAM", "TCP_RR"], "message_bytes": [1024], **changes}
    cells = [cell for cell in plan_of({"netperf": section}).cells if cell.kind == "netperf"]
    return {cell.labels["test"]: (cell.name, cell.spec) for cell in cells}


def test_percentiles_key_requests_and_responses_alone():
    without, having = specs(), specs(percentiles=True)
    assert having["TCP_RR"][1] == {**without["TCP_RR"][1], "percentiles": True}
    assert having["TCP_RR"][0] != without["TCP_RR"][0]
    assert having["TCP_STREAM"] == without["TCP_STREAM"]
    assert specs(percentiles=False) == without


def test_a_block_takes_its_duration_and_warm_up():
    plan = plan_of({"netperf": {"duration_s": 5, "warmup_s": 1}})
    block = next(block for block in plan.blocks if block.cell.kind == "netperf")
    assert 6 <= matrix.seconds(block) < 7


def cells(**changes):
    section = {"tests": ["TCP_RR", "TCP_STREAM"], "message_bytes": [1024], **changes}
    paths = {"config1": ["vc00->c010"], "config2": None, "config3": None}
    plan = plan_of({"netperf": {**section, "paths": paths}})
    return [c for c in plan.cells if c.kind == "netperf" and c.spec["testbed"] == "netns"]


def test_one_stream_without_a_load_has_the_spec_that_it_had_before_there_were_others():
    before, asked = cells(), cells(streams=[1, 4], loads=["none", "TCP_STREAM"])
    assert len(before) == 2 and len(asked) == 2 * 2 + 2
    for cell in before:
        assert not {"streams", "load"} & set(cell.spec)
        (same,) = (c for c in asked if c.spec == cell.spec)
        assert same.name == cell.name and same.labels == cell.labels
        assert (cell.labels["streams"], cell.labels["load"]) == (1, "none")


def test_streams_and_load_are_factors_and_a_stream_has_no_load():
    found = {
        (c.labels["test"], c.labels["streams"], c.labels["load"]): c.spec
        for c in cells(streams=[4, 16], loads=["TCP_STREAM"])
    }
    loaded = {"test": "TCP_STREAM", "message_bytes": 65536}
    assert set(found) == {
        ("TCP_RR", 4, "TCP_STREAM"),
        ("TCP_RR", 16, "TCP_STREAM"),
        ("TCP_STREAM", 4, "none"),
        ("TCP_STREAM", 16, "none"),
    }
    assert found["TCP_RR", 16, "TCP_STREAM"]["load"] == loaded
    assert found["TCP_STREAM", 4, "none"]["streams"] == 4


def test_percentiles_are_of_one_stream():
    found = cells(tests=["TCP_RR"], streams=[1, 2], percentiles=True)
    assert ["percentiles" in cell.spec for cell in found] == [True, False]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"tests": ["UDP_STREAM"], "streams": [1, 4]}, r"netperf.streams\[1\]: 4: UDP_STREAM has"),
        (
            {"tests": ["TCP_STREAM"], "loads": ["TCP_STREAM"]},
            r"netperf.loads\[0\]: TCP_STREAM: loads are for request-response tests",
        ),
        ({"streams": [0]}, "netperf.streams.*1 to 64"),
        ({"loads": ["UDP_STREAM"]}, "netperf.loads"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_its_key(changes, why):
    with pytest.raises(VcperfError, match=why):
        cells(**changes)
