"""A campaign asks netperf for its time; a filter may do without it."""

import pytest

from vcperf.errors import VcperfError
from vcperf.measure import netperf as measured
from vcperf.tables import netperf, profile_blocks
from vcperf.tools.filter import Untrusted

KEYS = "THROUGHPUT=9.36\nTHROUGHPUT_UNITS=10^6bits/s\nLOCAL_SEND_SIZE=1024\n"


def test_a_record_of_netperf_without_its_time_is_refused():
    """The filter leaves the time of such a report empty; a campaign holds it against the plan."""
    record = {"spec": {}, "commands": [{"role": "measure", "output": KEYS}]}
    with pytest.raises(VcperfError, match=r"netperf\.json: elapsed_s is missing"):
        netperf.rows({"record": "netperf.json"}, record, 10)
    with pytest.raises(Untrusted, match="elapsed_s is missing"):
        profile_blocks.BYTES_MOVED["netperf"]({}, record, KEYS)
    spec = {"test": "TCP_STREAM", "sender": "a", "receiver": "b", "message_bytes": 1024}
    with pytest.raises(VcperfError, match="did not answer ELAPSED_TIME"):
        measured.check_answer({**spec, "duration_s": 1}, KEYS)
