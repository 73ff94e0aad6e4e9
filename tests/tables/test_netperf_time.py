"""A campaign asks netperf for its time; a filter may do without it."""

import pytest
from helpers import damage

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
    with pytest.raises(VcperfError, match="the report lacks ELAPSED_TIME"):
        measured.check_answer({**spec, "duration_s": 1}, KEYS)


def test_a_cpu_figure_that_cannot_be_leaves_the_throughput_in_the_table(tmp_path):
    record = damage.sound("netperf")
    (run,) = (c for c in record["commands"] if c["role"] == "measure")
    (sound,) = netperf.rows(damage.planned(record, tmp_path), record, 10)
    key = "REMOTE_CPU_UTIL="
    head, _, rest = run["output"].partition(key)
    run["output"] = f"{head}{key}499.93\n{rest.partition(chr(10))[2]}"
    (row,) = netperf.rows(damage.planned(record, tmp_path), record, 10)
    assert sound["receiver_cpu_percent"] is not None
    assert row == {**sound, "receiver_cpu_percent": None}
