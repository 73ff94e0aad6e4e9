"""Messages must have crossed the network."""

import pytest
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.measure import pingpong


def run_of(output: str, took_s: float = 60.0) -> dict:
    return {"status": 0, "output": output, "start": 0.0, "end": took_s}


def test_messages_that_cross_no_network_are_an_error():
    spec = {"ranks": ["a", "b"], "stack": {"kind": "mpich"}, "message_bytes": [1048576]}
    run = run_of((ROOT / "tests/data/imb/pingpong-mpich.txt").read_text())
    rows = pingpong.imb.parse(run["output"])
    spec["message_bytes"] = [row["message_bytes"] for row in rows]
    sent = sum((row["message_bytes"] + 54) * row["repetitions"] for row in rows)
    pingpong._check(spec, run, {"a": sent, "b": sent}, False)
    with pytest.raises(VcperfError, match=r"b received 0 bytes .* another transport"):
        pingpong._check(spec, run, {"a": sent, "b": 0}, False)


@pytest.mark.parametrize(("benchmark", "each"), [("Barrier", 54), ("Bcast", 16)])
def test_packets_without_payload_are_no_messages(benchmark, each):
    """Messages of no bytes, which are packets all the same; a root's may share them."""
    text = (ROOT / f"tests/data/imb/mpich-{benchmark}.txt").read_text()
    spec = {"ranks": ["a", "b"], "stack": {"kind": "mpich"}, "benchmark": benchmark}
    rows = pingpong.imb.parse(text)
    spec["message_bytes"] = [r["message_bytes"] for r in rows if r["message_bytes"] is not None]
    sent = sum(((row["message_bytes"] or 0) + each) * row["repetitions"] for row in rows)
    run = run_of(text)
    pingpong._check(spec, run, {"a": sent, "b": 0}, False)
    with pytest.raises(VcperfError, match="another transport"):
        pingpong._check(spec, run, {"a": sent // 2, "b": sent // 4}, False)


def test_messages_that_take_longer_than_the_program_ran_are_an_error():
    text = (ROOT / "tests/data/imb/pingpong-mpich.txt").read_text()
    sizes = [row["message_bytes"] for row in pingpong.imb.parse(text)]
    spec = {"ranks": ["a", "b"], "stack": {"kind": "mpich"}, "message_bytes": sizes}
    with pytest.raises(
        VcperfError, match=r"PingPong a-b on mpich: reports .* but ran only 0\.00 s"
    ):
        pingpong._check(spec, run_of(text, 1e-4), {"a": 10**12, "b": 10**12}, False)
