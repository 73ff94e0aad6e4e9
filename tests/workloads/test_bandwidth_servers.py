"""Servers that refuse or dawdle, and pacing by the kernel, on the loopback interface."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from bandwidth import pacing, txtime, wire
from bandwidth.errors import ProbeError
from bandwidth.session import Session
from helpers.checkout import ROOT

pytestmark = pytest.mark.xdist_group("measuring")

WORKLOADS = str(ROOT / "scripts/workloads")
LONGEST_S = 20  # nothing here may hang


@contextlib.contextmanager
def listening(behave):
    """(address, port) of a TCP listener without a UDP socket; `behave` gets its client."""

    def serve():
        with contextlib.suppress(OSError, ProbeError):
            connection, _ = listener.accept()
            with connection:
                behave(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def greet(connection):
    control = wire.Control(connection, "client")
    control.receive(LONGEST_S)
    control.send(hello="bandwidth 1", stamps="kernel", buffer=1)
    control.receive(LONGEST_S)


def estimate(where, method):
    argv = [sys.executable, "-m", "bandwidth", method, "--duration-s", "2"]
    argv += ["--address", where[0], "--port", str(where[1])]
    done = subprocess.run(
        argv,
        env={**os.environ, "PYTHONPATH": WORKLOADS},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("method", ["pathload", "pathrate"])
def test_refused_udp_is_an_error(method):
    """No socket there: the kernel answers as a firewall does that rejects."""
    with listening(greet) as where:
        assert "refuses UDP; a firewall?" in estimate(where, method)


def test_an_answer_that_never_ends_is_an_error():
    def drip(connection):
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    with listening(drip) as where:
        assert "no answer" in estimate(where, "pathload")


def test_a_server_of_another_protocol_is_an_error():
    with listening(lambda connection: connection.sendall(b"220 hello\r\n")) as where:
        assert "does not speak this protocol" in estimate(where, "pathrate")


@pytest.fixture
def udp():
    """A UDP socket that is connected to another one over loopback."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        sender.connect(receiver.getsockname())
        yield sender


def test_departures_are_stamped_by_the_kernel(udp):
    """More packets than may wait at once, twice: the numbers start anew each time."""
    kernel = txtime.Kernel(udp)
    for _ in range(2):
        before_s = time.monotonic()
        left_s, _ = kernel.send(wire.packets(1, 1, 150, 200), 50e-6)
        assert len(left_s) == 150 and left_s == sorted(left_s)
        assert before_s - 1e-3 < left_s[0] and left_s[-1] < time.monotonic() + 1e-3
    udp.setblocking(False)
    with pytest.raises(BlockingIOError):  # no stamp is left behind
        udp.recvmsg(1, 512, txtime.MSG_ERRQUEUE)


def test_an_interface_that_holds_nothing_back_is_found_out(udp):
    kernel = txtime.Kernel(udp)
    assert kernel.send(wire.packets(1, 1, 10, 200), 1e-3)[1] == "pacing: a packet left early"
    assert kernel.hold(wire.packets(1, 1, 100, 200), 20e-6) is None


def test_unknown_departures_are_said_to_be_so(udp, monkeypatch):
    monkeypatch.setattr(txtime, "STAMPED", txtime.SOFTWARE)  # asks for none
    left_s, why = txtime.Kernel(udp).send(wire.packets(1, 1, 10, 200), 1e-4)
    assert why == "pacing: the kernel tells no departure of some packets"
    assert pacing.fault(left_s, 1e-4) == ""  # what was asked for stands in


def test_kernel_pacing_is_used_where_it_holds(udp, monkeypatch):
    """Its own verdict replaced: this says what follows from it, not that fq works."""
    with listening(greet) as (address, port):
        session = Session(address, port, time.monotonic() + LONGEST_S)
        try:
            session.udp.connect(udp.getpeername())
            assert session.choose_pacing(20e-6) == 20e-6 and session.pacing == "busy wait"
            monkeypatch.setattr(txtime.Kernel, "hold", lambda *_: 80e-6)
            assert session.choose_pacing(20e-6) == 80e-6 and session.pacing == "kernel"
        finally:
            session.close()
