"""Cells of netperf: what keys them."""

from helpers.plans import plan_of

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
