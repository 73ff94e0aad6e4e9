"""What a block of netperf does with its answer."""

import pytest
from helpers import local_block

from vcperf.errors import VcperfError
from vcperf.measure import netperf
from vcperf.records import record

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


def test_warm_ups_are_interrupted_ever_later_and_the_last_takes_whole_seconds():
    tries = list(netperf._warm_ups(0.3))
    assert [(argv[-1:], seconds) for argv, seconds in tries] == [
        (["0.3"], 1),
        (["0.6"], 1),
        (["1.2"], 2),
        (["2.4"], 3),
        (["4.8"], 5),
        ([], 10),
    ]
    assert list(netperf._warm_ups(2)) == [([], 2)] and list(netperf._warm_ups(0)) == [([], 0)]
    assert [seconds for _, seconds in netperf._warm_ups(1.5)] == [2, 3]


def test_a_warm_up_that_is_interrupted_too_early_is_tried_with_another_netserver(tmp_path):
    """The one before may wait for a connection of data, end some seconds later, and reset the
    netperf that measures: `recv_response: Connection reset by peer`."""
    if local_block.fault_of("netns"):
        pytest.skip(local_block.fault_of("netns"))
    programs = local_block.standin(
        tmp_path / "programs",
        "netperf",
        'case $* in *-V*) exec REAL "$@" ;; esac',
        f"if mkdir {tmp_path}/seen; then exec sleep 5; fi",  # the first run never connects
        'exec REAL "$@"',
    )
    spec = local_block.spec_of("netns", warmup_s=0.3)
    done = local_block.run(spec, tmp_path / "1.json", programs)
    assert done.returncode == 0, done.stderr
    commands = record.read(str(tmp_path / "1.json"))["commands"]
    assert [c["role"] for c in commands] == ["warmup", "server", "warmup", "measure", "server"]
    assert commands[0]["status"] != 0 == commands[2]["status"]
    assert commands[1]["end"] <= commands[2]["start"], "the first netserver is gone"
