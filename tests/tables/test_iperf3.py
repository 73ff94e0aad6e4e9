"""Rows of iperf3: one per direction, with the domains that sent and received."""

import pytest
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.tables import iperf3

PLANNED = {"record": "one.json", "path": "a->b", "shared_cpus": "no", "block": "1"}


def observation(clock, used):
    domains = {name: {"clock_s": clock, "cpu_s": seconds} for name, seconds in used.items()}
    return {"pinning": {}, "domains": domains, "hosts": {}}


def rows(name):
    output = (ROOT / f"tests/data/iperf3/{name}.txt").read_text()
    content = {
        "spec": {"sender": "a", "receiver": "b", "nodes": {}},
        "commands": [{"role": "measure", "start": 0.0, "output": output}],
        "before": observation(0, {"a": 0, "b": 0}),
        "after": observation(10, {"a": 1, "b": 3}),
        "disturbed": [],
        "host": {"host": "h", "kernel": "k", "platform": "p"},
    }
    return iperf3.rows(PLANNED, content, 10.0)


def test_each_direction_has_its_own_sender_and_receiver():
    forward, reverse = rows("3.12-tcp-bidir")
    assert (forward["sender"], forward["receiver"]) == ("a", "b")
    assert (reverse["sender"], reverse["receiver"]) == ("b", "a")
    assert (forward["sender_domain_cpu_percent"], forward["receiver_domain_cpu_percent"]) == (
        10,
        30,
    )
    assert (reverse["sender_domain_cpu_percent"], reverse["receiver_domain_cpu_percent"]) == (
        30,
        10,
    )
    assert reverse["sender_process_cpu_percent"] == forward["receiver_process_cpu_percent"]
    assert set(iperf3.ORDER) - {"testbed", "pinning", "mode"} <= set(forward)


def test_a_report_that_is_rejected_names_the_record():
    with pytest.raises(VcperfError, match=r"^one\.json: iperf3 failed"):
        rows("3.12-interrupted")
