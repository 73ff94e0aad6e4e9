"""What a block of iperf3 does with the client's report."""

import pytest
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.measure import iperf3

SPEC = {"sender": "a", "receiver": "b", "mode": "forward", "duration_s": 1, "warmup_s": 0}
TCP = {**SPEC, "protocol": "TCP", "streams": 1, "message_bytes": 131072}
UDP = {**SPEC, "protocol": "UDP", "streams": 1, "message_bytes": 1400}


def check(spec, name):
    iperf3.check_answer(spec, (ROOT / f"tests/data/iperf3/{name}.txt").read_text(), 5201)


def test_a_report_of_what_was_asked_is_accepted():
    check(TCP, "3.12-tcp")
    check({**TCP, "mode": "bidirectional"}, "3.12-tcp-bidir")
    check(UDP, "3.12-udp-loss")


@pytest.mark.parametrize(
    ("change", "name", "fault"),
    [
        ({}, "3.12-refused", "iperf3 failed: 'unable to connect to server: Connection refused'$"),
        ({"mode": "reverse"}, "3.12-tcp", "iperf3 measured forward, not reverse"),
        ({"mode": "bidirectional"}, "3.12-tcp", "iperf3 measured forward, not forward, reverse"),
        ({"streams": 4}, "3.12-tcp", "iperf3 measured streams 1, not 4"),
        ({"message_bytes": 1}, "3.12-tcp", "iperf3 measured message_bytes 131072, not 1"),
        ({"protocol": "UDP"}, "3.12-tcp", "iperf3 measured protocol TCP, not UDP"),
        ({"duration_s": 2}, "3.12-tcp", r"ended after 1\.\d+ s of 2 s"),
        ({}, "3.12-tcp-server", "the report of iperf3 lacks sent_mbps"),
    ],
)
def test_a_report_of_something_else_is_refused_with_the_name_of_the_cell(change, name, fault):
    with pytest.raises(VcperfError, match=fault) as found:
        check({**TCP, **change}, name)
    assert str(found.value).startswith("iperf3 ") and "a->b" in str(found.value)


def test_udp_that_does_not_come_through_names_the_port_that_is_likely_filtered():
    fault = "most likely a firewall drops UDP to or from port 5201 of b$"
    with pytest.raises(VcperfError, match=fault):
        check(UDP, "3.12-udp-filtered")
