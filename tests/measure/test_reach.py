"""What the doctor says where one domain does not reach another; tests/commands/test_doctor_paths.py
has real ones that do."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from vcperf.errors import VcperfError
from vcperf.measure import iperf3, netperf


@pytest.mark.parametrize(
    ("kind", "asked", "ports"),
    [
        (netperf, {"test": "TCP_STREAM"}, "open TCP from port 12865 on"),
        (netperf, {"test": "UDP_STREAM"}, "open TCP from port 12865 on, and UDP"),
        (iperf3, {"protocol": "TCP"}, "open TCP port 5201"),
        (iperf3, {"protocol": "UDP"}, "open TCP and UDP port 5201"),
    ],
)
def test_a_firewall_that_swallows_everything_names_the_ports_to_open(kind, asked, ports):
    testbed = SimpleNamespace(  # a stand-in: no firewall can be set up for a test
        address=lambda domain: "192.0.2.1",
        free_port=lambda domain, preferred: preferred,
        serve=lambda *_: nullcontext(),
        run=lambda *_: {"status": 124, "output": ""},
    )
    with pytest.raises(VcperfError) as caught:
        kind.reach(testbed, {"sender": "a", "receiver": "b", **asked})
    assert str(caught.value).endswith(f"no answer within 5 s; {ports}")
