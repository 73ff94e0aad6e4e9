"""Messages must have crossed the network."""

import pytest
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.measure import pingpong
from vcperf.tools import imb, osu

SPEC = {"ranks": ["a", "b"], "stack": {"kind": "mpich"}, "program": {"name": "pingpong"}}
OSU = (ROOT / "tests/data/osu/7.5-latency.txt").read_text()


def run_of(output: str, took_s: float = 60.0) -> dict:
    return {"status": 0, "output": output, "start": 0.0, "end": took_s}


def test_messages_that_cross_no_network_are_an_error():
    spec = {**SPEC, "message_bytes": [1048576]}
    run = run_of((ROOT / "tests/data/imb/pingpong-mpich.txt").read_text())
    rows = imb.parse(run["output"])
    spec["message_bytes"] = [row["message_bytes"] for row in rows]
    sent = sum((row["message_bytes"] + 54) * row["repetitions"] for row in rows)
    pingpong._check(spec, run, {"a": sent, "b": sent}, False)
    with pytest.raises(VcperfError, match=r"b received 0 bytes .* another transport"):
        pingpong._check(spec, run, {"a": sent, "b": 0}, False)


@pytest.mark.parametrize(("benchmark", "each"), [("Barrier", 54), ("Bcast", 16)])
def test_packets_without_payload_are_no_messages(benchmark, each):
    """Messages of no bytes, which are packets all the same; a root's may share them."""
    text = (ROOT / f"tests/data/imb/mpich-{benchmark}.txt").read_text()
    spec = {**SPEC, "benchmark": benchmark}
    rows = imb.parse(text)
    spec["message_bytes"] = [r["message_bytes"] for r in rows if r["message_bytes"] is not None]
    sent = sum(((row["message_bytes"] or 0) + each) * row["repetitions"] for row in rows)
    run = run_of(text)
    pingpong._check(spec, run, {"a": sent, "b": 0}, False)
    with pytest.raises(VcperfError, match="another transport"):
        pingpong._check(spec, run, {"a": sent // 2, "b": sent // 4}, False)


def test_messages_that_take_longer_than_the_program_ran_are_an_error():
    text = (ROOT / "tests/data/imb/pingpong-mpich.txt").read_text()
    sizes = [row["message_bytes"] for row in imb.parse(text)]
    spec = {**SPEC, "message_bytes": sizes}
    with pytest.raises(
        VcperfError, match=r"PingPong a-b on mpich: reports .* but ran only 0\.00 s"
    ):
        pingpong._check(spec, run_of(text, 1e-4), {"a": 10**12, "b": 10**12}, False)


def test_osu_latency_is_held_against_the_sizes_and_the_repetitions_asked_for():
    sizes = [row["message_bytes"] for row in osu.parse(OSU)]
    spec = {**SPEC, "program": {"name": "osu_latency"}, "message_bytes": sizes, "repetitions": 100}
    sent = sum((size + 54) * 100 for size in sizes)
    pingpong._check(spec, run_of(OSU), {"a": sent, "b": sent}, False)
    with pytest.raises(VcperfError, match=f"a received 99 bytes .*, of {sent} sent to it"):
        pingpong._check(spec, run_of(OSU), {"a": 99, "b": sent}, False)
    with pytest.raises(VcperfError, match="but ran only 0"):
        pingpong._check(spec, run_of(OSU, 1e-4), {"a": sent, "b": sent}, False)
    with pytest.raises(VcperfError, match="osu_latency: sizes"):
        pingpong._check(spec | {"message_bytes": [1]}, run_of(OSU), {}, False)
