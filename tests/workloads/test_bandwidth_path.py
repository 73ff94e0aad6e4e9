"""Real estimates over links of known rate, and over paths that let nothing through."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from helpers import linkbed
from helpers.checkout import ROOT
from validation import validate_bandwidth as bed

from vcperf.tools import pathload, pathrate

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(linkbed.missing()), reason=linkbed.missing()),
]
LONGEST_S = 30  # nothing here may hang
# Which pacing a sender chooses. Arguments: bundle, address, port.
CHOICE = """
import sys, time
sys.path.insert(0, sys.argv[1])
from bandwidth.session import Session
session = Session(sys.argv[2], int(sys.argv[3]), time.monotonic() + 10)
session.choose_pacing(20e-6)
print(session.pacing)
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The one file, written in a folder of its own, so that no source is near it."""
    path = str(tmp_path_factory.mktemp("bundle") / "bandwidth.pyz")
    package = ROOT / "scripts/workloads"
    argv = [sys.executable, "-m", "bandwidth", "bundle", path]
    subprocess.run(argv, cwd=package, check=True)
    return path


@pytest.fixture
def measure(bundle):
    """measure(link, method, *options): one estimate over a link with a server."""

    def run(link, method, *options):
        with link:
            server = bed.start_server(link, bundle)
            try:
                return bed.estimate(link, bundle, method, *options)
            finally:
                server.terminate()
                assert server.wait(LONGEST_S) == 0

    return run


def test_pathload_finds_what_cross_traffic_leaves(measure):
    done = measure(linkbed.Link(20, 0.5, sizes="550"), "pathload", "--duration-s", "9")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    (row,) = pathload.parse(done.stdout)
    assert row["kind"] == "range" and row["low_mbps"] < 14 and row["high_mbps"] > 7
    assert record["probing_mbps"] < 2
    assert record["time_stamps"] == "kernel"
    used = [s for f in record["fleets"] for s in f["streams"] if not s["discarded"]]
    assert len(used) > 12 and all(s["pct"] is not None for s in used)


def test_pathrate_finds_the_capacity_under_cross_traffic(measure):
    done = measure(linkbed.Link(50, 0.5, access_mbps=120), "pathrate", "--duration-s", "6")
    (row,) = pathrate.parse(done.stdout)
    assert row["kind"] == "capacity"
    assert json.loads(done.stdout)["mbps"] == pytest.approx(50, rel=0.15)


@pytest.mark.parametrize("method", [pathload, pathrate])
def test_a_link_without_a_rate_gives_a_lower_bound(measure, method):
    done = measure(linkbed.Link(None), method.__name__.rsplit(".", 1)[1])
    (row,) = method.parse(done.stdout)
    # Of so busy a host that no stream left well, pathload says that it knows nothing.
    assert row["kind"] in {"lower_bound", "inconclusive"} and row["high_mbps"] is None


def test_a_queue_that_spaces_packets_is_not_pacing(bundle):
    """Packets leave it a millisecond apart, as those do that decide on kernel pacing."""
    with linkbed.Link(None) as link:
        shape = "tc qdisc add dev link0 root tbf rate 1936kbit burst 1600 limit 100000"
        link.run("sender", shape.split())
        server = bed.start_server(link, bundle)
        try:
            argv = [sys.executable, "-c", CHOICE, bundle, linkbed.RECEIVER, str(bed.PORT)]
            chosen = link.run("sender", argv, capture_output=True, text=True).stdout
        finally:
            server.terminate()
            server.wait()
    assert chosen == "busy wait\n"


def test_a_path_that_drops_all_udp_is_an_error(measure):
    done = measure(linkbed.Link(20, drop=1), "pathload", "--duration-s", "5")
    assert done.returncode == 1 and done.stdout == ""
    assert "no packet arrived; does a firewall drop UDP?" in done.stderr
    assert done.stderr.count("\n") == 1


def test_much_loss_says_that_the_rate_is_too_high(measure):
    done = measure(linkbed.Link(20, drop=0.3), "pathload", "--duration-s", "3")
    if done.returncode == 0:
        record = json.loads(done.stdout)
        assert record["kind"] in {"upper_bound", "inconclusive"}
        assert {f["verdict"] for f in record["fleets"]} <= {"increasing", "cut short", "unusable"}
    else:
        assert done.stderr.count("\n") == 1


def test_overtaken_packets_do_not_stop_an_estimate(measure):
    done = measure(linkbed.Link(20, swap=0.02), "pathload", "--duration-s", "15")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert any(s["loss"] > 0 for f in record["fleets"] for s in f["streams"])


@pytest.mark.parametrize("method", ["pathload", "pathrate"])
def test_a_path_that_reorders_every_other_packet_misleads_no_estimate(measure, method):
    done = measure(linkbed.Link(20, swap=0.5), method, "--duration-s", "4")
    if done.returncode == 0:
        record = json.loads(done.stdout)
        assert (record["low_mbps"] or 0) < 22
        if method == "pathload":  # they count as lost where they queue
            assert any(s["loss"] > 0 for f in record["fleets"] for s in f["streams"])
        else:
            assert record["trains_rejected"]["loss"] > 0
    else:
        assert done.stdout == "" and done.stderr.count("\n") == 1


def test_streams_under_a_stepping_clock_are_discarded(bundle):
    """The receiver's clock is set forward by a second every second."""
    step = (
        "import runpy, sys, time; told = time.time; "
        "time.time = lambda: told() + int(time.monotonic()); "
        "del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    with linkbed.Link(20) as link:
        server = bed.start_server(link, "-c", step, bundle)
        try:
            done = bed.estimate(link, bundle, "pathload", "--duration-s", "15")
        finally:
            server.terminate()
            server.wait()
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    said = [s["discarded"] for f in record["fleets"] for s in f["streams"]]
    assert "the receiver's clock stepped" in said and "" in said
    assert (record["low_mbps"] or 0) < 22 and (record["high_mbps"] or 100) > 18


@pytest.mark.parametrize(("method", "limit_s"), [("pathload", 20), ("pathrate", 15)])
def test_a_path_that_dies_ends_an_estimate_within_its_limit(bundle, method, limit_s):
    """All that is sent after the first packets of the estimate is lost without a word."""
    with linkbed.Link(20) as link:
        server = bed.start_server(link, bundle)
        where = ["--address", linkbed.RECEIVER, "--port", str(bed.PORT)]
        argv = [sys.executable, bundle, method, *where]
        client = link.popen("sender", argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            while Path(f"/proc/{server.pid}/net/tcp").read_text().count(f":{bed.PORT:04X} ") < 2:
                assert client.poll() is None
            link.run("receiver", ["ip", "link", "set", "link0", "down"])
            out, err = client.communicate(timeout=limit_s)
        finally:
            client.kill()
            server.kill()
            server.wait()
    assert client.returncode == 1 and out == ""
    assert err.startswith("bandwidth: ") and err.count("\n") == 1


def test_refused_and_unknown_servers_are_an_error(bundle):
    with linkbed.Link(20) as link:
        for address, says in ((linkbed.RECEIVER, "cannot connect"), ("no.invalid", "no.invalid")):
            argv = [sys.executable, bundle, "pathrate", "--address", address, "--port", "7"]
            done = link_run(link, argv)
            assert done.returncode == 1 and says in done.stderr
            assert done.stderr.count("\n") == 1


def link_run(link, argv):
    return subprocess.run(
        [*link.into("sender"), *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )


def test_a_server_that_dies_or_stops_answering_is_an_error(bundle):
    for blow in (signal.SIGKILL, signal.SIGSTOP):
        with linkbed.Link(20) as link:
            server = bed.start_server(link, bundle)
            where = ["--address", linkbed.RECEIVER, "--port", str(bed.PORT)]
            argv = [*link.into("sender"), sys.executable, bundle, "pathload", *where]
            client = subprocess.Popen(
                argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            # The server has a connection besides its listener: the estimate is under way.
            while Path(f"/proc/{server.pid}/net/tcp").read_text().count(f":{bed.PORT:04X} ") < 2:
                assert client.poll() is None
            server.send_signal(blow)
            out, err = client.communicate(timeout=LONGEST_S)
            server.kill()
            server.wait()
        assert client.returncode == 1 and out == ""
        assert err.startswith("bandwidth: ") and err.count("\n") == 1


def test_a_second_client_is_sent_away(bundle):
    with linkbed.Link(20) as link:
        server = bed.start_server(link, bundle)
        try:
            first = threading.Thread(
                target=bed.estimate, args=(link, bundle, "pathload", "--duration-s", "2")
            )
            first.start()
            while Path(f"/proc/{server.pid}/net/tcp").read_text().count(f":{bed.PORT:04X} ") < 2:
                assert first.is_alive()
            second = bed.estimate(link, bundle, "pathrate")
            first.join()
            assert second.returncode == 1 and second.stderr.count("\n") == 1
            assert bed.estimate(link, bundle, "pathrate").returncode == 0
        finally:
            server.terminate()
            server.wait()


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "load"), [(50, 0)])  # all: validate_bandwidth.py
def test_most_estimates_are_near_the_truth(measure, rate, load):
    for method, wanted in (("pathload", 8), ("pathrate", 9)):
        results = [measure(linkbed.Link(rate, load), method) for _ in range(10)]
        records = [json.loads(done.stdout) for done in results if done.returncode == 0]
        assert sum(bed.hit(r, rate, rate * (1 - load)) for r in records) >= wanted
        assert all(r["elapsed_s"] < 20 for r in records)
