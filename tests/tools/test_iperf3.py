"""Command lines of iperf3, and what its reports say beyond the columns of the filter."""

import json

import pytest
from helpers.checkout import ROOT

from vcperf.tools import iperf3
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/iperf3"
ASKED = {"address": "10.0.0.2", "port": 5201, "streams": 4, "message_bytes": 1400}
ASKED |= {"duration_s": 10, "warmup_s": 2}


def report(name):
    return json.loads((DATA / f"{name}.txt").read_text())


def test_both_ends_of_a_bidirectional_run_are_those_of_the_direction():
    forward, reverse = iperf3.parse((DATA / "3.12-tcp-bidir.txt").read_text())
    assert forward["sender_cpu_percent"] == reverse["receiver_cpu_percent"]
    assert (forward["retransmits"], reverse["retransmits"]) == (1, 2)


def test_the_congestion_window_is_that_of_the_end_that_sends():
    """A client prints one for the server's streams too: that of its own idle side."""
    forward, reverse = iperf3.parse((DATA / "3.12-tcp-bidir.txt").read_text())
    assert forward["congestion_window_bytes"] == 4452844
    assert reverse["congestion_window_bytes"] is None
    document = report("3.12-tcp-bidir-omit")
    (window,) = [
        stream["sender"]["max_snd_cwnd"]
        for stream in document["server_output_json"]["end"]["streams"]
        if stream["sender"]["sender"]
    ]
    _, reverse = iperf3.parse(json.dumps(document))
    assert reverse["congestion_window_bytes"] == window > 0


def test_loss_during_the_warm_up_does_not_count():
    """iperf3 reports 987 lost datagrams, of which 569 were lost during the warm-up."""
    document = report("3.12-udp-omit")
    assert document["end"]["sum"]["lost_packets"] == 987
    (row,) = iperf3.parse(json.dumps(document))
    assert row["lost_percent"] == pytest.approx(100 * 418 / 8946, abs=1e-5)


def test_datagrams_lost_at_the_very_end_count():
    forward, _ = iperf3.parse((DATA / "3.12-udp-4-bidir-loss.txt").read_text())
    assert forward["lost_percent"] == pytest.approx(100 * (1 - 3522400 / 42448000), abs=1e-5)


@pytest.mark.parametrize(
    ("client", "server", "threads"),
    [("3.12", "3.17", 1), ("3.17", "3.12", 1), ("3.16", "3.17.1+", 4), ("3.9", "3.9", 1)],
)
def test_several_streams_have_one_thread_unless_both_ends_are_newer(client, server, threads):
    document = report("3.12-tcp-4")
    document["start"]["version"] = f"iperf {client}"
    document["server_output_json"]["start"]["version"] = f"iperf {server}"
    assert [row["threads"] for row in iperf3.parse(json.dumps(document))] == [threads]


def test_an_unknown_version_says_nothing_of_threads():
    document = report("3.12-tcp")
    document["start"]["version"] = "iperf of mine"
    assert iperf3.parse(json.dumps(document))[0]["threads"] is None


@pytest.mark.parametrize(("rates", "trend"), [([10] * 6, 0), ([8, 9, 10, 11, 12], 50)])
def test_the_trend_is_the_change_of_a_straight_line_in_percent_of_the_mean(rates, trend):
    document = report("3.12-tcp")
    end = document["end"]
    bits = sum(rates) * 1_000_000
    for part in (end["sum_sent"], end["streams"][0]["sender"]):
        part |= {"bytes": bits // 8, "seconds": len(rates), "bits_per_second": bits / len(rates)}
    warm = {"start": 0, "end": 1, "seconds": 1, "bytes": 9, "bits_per_second": 72, "omitted": True}
    document["intervals"] = [{"sum": warm}] + [
        {"sum": {"start": at, "end": at + 1, "seconds": 1, "bytes": rate * 125_000}
         | {"bits_per_second": rate * 1e6, "omitted": False}}
        for at, rate in enumerate(rates)
    ]  # fmt: skip
    (row,) = iperf3.parse(json.dumps(document))
    assert row["trend_percent"] == pytest.approx(trend)


def test_client_and_server_that_disagree_are_refused():
    document = report("3.12-tcp-4")
    document["server_output_json"]["end"]["sum_received"]["bytes"] //= 2
    with pytest.raises(Untrusted, match=r"client and server disagree on the bytes received"):
        iperf3.parse(json.dumps(document))


def test_an_error_of_the_server_is_refused():
    document = report("3.12-tcp-4")
    document["server_output_json"]["error"] = "the client has terminated"
    with pytest.raises(Untrusted, match="iperf3 failed: 'the client has terminated'"):
        iperf3.parse(json.dumps(document))


@pytest.mark.parametrize(
    ("protocol", "mode", "ends"),
    [("TCP", "reverse", ["-R"]), ("UDP", "bidirectional", ["--bidir", "-u", "-b", "2500000"])],
)
def test_the_command_line_asks_for_mode_and_rate(protocol, mode, ends):
    argv = iperf3.client_argv(**ASKED, protocol=protocol, mode=mode, udp_mbps=2.5)
    assert argv[-len(ends) :] == ends
    text = " ".join(argv)
    assert "-t 10 -O 2 -P 4 -l 1400" in text and "--get-server-output" in text
