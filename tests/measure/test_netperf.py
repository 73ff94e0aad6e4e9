"""What a block of netperf does with its answer."""

import pytest

from vcperf.errors import VcperfError
from vcperf.measure import netperf

SPEC = {"sender": "a", "receiver": "b", "message_bytes": 1472, "duration_s": 10}
NOTHING = """MIGRATED UDP STREAM TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to 10.9.0.2 () port 0
THROUGHPUT=0.00
THROUGHPUT_UNITS=10^6bits/s
ELAPSED_TIME=10.00
"""


def test_udp_of_which_nothing_arrives_names_a_firewall():
    with pytest.raises(
        VcperfError, match=r"nothing arrived.*most likely a firewall drops UDP to b"
    ):
        netperf.check_answer({**SPEC, "test": "UDP_STREAM"}, NOTHING)
