"""Cells of iperf3: what keys them, and what is refused."""

import pytest
from helpers.plans import plan_of

from vcperf.errors import VcperfError
from vcperf.planning import matrix

SECTION = {"paths": {"config1": ["vc00->c000"]}, "protocols": ["TCP", "UDP"], "modes": ["forward"]}
SECTION |= {"streams": [1, 4], "message_bytes": [1400], "duration_s": 5, "warmup_s": 1}


def cells(**changes):
    plan = plan_of({"iperf3": {**SECTION, **changes}})
    return [cell for cell in plan.cells if cell.kind == "iperf3"]


def names(**changes):
    return {cell.labels["protocol"]: cell.name for cell in cells(streams=[1], **changes)}


def test_there_is_a_cell_for_each_protocol_mode_number_of_streams_and_size():
    found = cells(modes=["forward", "bidirectional"], message_bytes=[1400, 8192])
    assert len(found) == len({tuple(cell.labels.values()) for cell in found}) == 16


def test_the_rate_of_udp_keys_udp_alone():
    unlimited, limited = names(), names(udp_mbps=100)
    assert unlimited["TCP"] == limited["TCP"] and unlimited["UDP"] != limited["UDP"]
    assert unlimited == names(udp_mbps=0)


def test_a_block_takes_its_duration_and_warm_up():
    plan = plan_of({"iperf3": SECTION})
    block = next(block for block in plan.blocks if block.cell.kind == "iperf3")
    assert 6 <= matrix.seconds(block) < 7


@pytest.mark.parametrize("size", [15, 65508])
def test_a_datagram_that_iperf3_cannot_send_is_refused(size):
    fault = rf"iperf3\.message_bytes\[1\]: {size}: a UDP datagram of iperf3 has 16 to 65507 bytes"
    with pytest.raises(VcperfError, match=fault):
        cells(message_bytes=[1400, size])
    assert cells(protocols=["TCP"], message_bytes=[size])
