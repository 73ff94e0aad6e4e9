"""Messages must have crossed the network."""

import pytest
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.measure import pingpong


def test_messages_that_cross_no_network_are_an_error():
    spec = {"ranks": ["a", "b"], "stack": {"kind": "mpich"}, "message_bytes": [1048576]}
    run = {"status": 0, "output": (ROOT / "tests/data/imb/pingpong-mpich.txt").read_text()}
    rows = pingpong.imb.parse(run["output"])
    spec["message_bytes"] = [row["message_bytes"] for row in rows]
    sent = sum((row["message_bytes"] + 54) * row["repetitions"] for row in rows)
    pingpong._check(spec, run, {"a": sent, "b": sent})
    with pytest.raises(VcperfError, match=r"b received 0 bytes .* another transport"):
        pingpong._check(spec, run, {"a": sent, "b": 0})


@pytest.mark.parametrize(("benchmark", "each"), [("Barrier", 54), ("Bcast", 16)])
def test_packets_without_payload_are_no_messages(benchmark, each):
    """Messages of no bytes, which are packets all the same; a root's may share them."""
    text = (ROOT / f"tests/data/imb/mpich-{benchmark}.txt").read_text()
    spec = {"ranks": ["a", "b"], "stack": {"kind": "mpich"}, "benchmark": benchmark}
    rows = pingpong.imb.parse(text)
    spec["message_bytes"] = [r["message_bytes"] for r in rows if r["message_bytes"] is not None]
    sent = sum(((row["message_bytes"] or 0) + each) * row["repetitions"] for row in rows)
    run = {"status": 0, "output": text}
    pingpong._check(spec, run, {"a": sent, "b": 0})
    with pytest.raises(VcperfError, match="another transport"):
        pingpong._check(spec, run, {"a": sent // 2, "b": sent // 4})
