"""Servers in domains reached by ssh, and their ports."""

import socket
import time

import pytest
from helpers.processes import PATIENCE_S

from vcperf.errors import VcperfError
from vcperf.testbeds import ssh
from vcperf.tools import netperf_commands

pytestmark = pytest.mark.xdist_group("measuring")


@pytest.fixture
def foreign():
    """A server of somebody else, of IPv6 and so of IPv4 too; its port."""
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    address = ("::", 0)
    with socket.create_server(address, family=socket.AF_INET6, dualstack_ipv6=True) as server:
        yield server.getsockname()[1]


def test_a_port_that_another_server_has_is_not_free(bed, foreign):
    assert bed.free_port("vc00", foreign) > foreign
    with socket.create_server(("127.0.0.1", 0)) as second:
        port = second.getsockname()[1]
        assert bed.free_port("vc00", port) > port, "the port is looked up again"


def test_a_foreign_server_is_not_taken_for_ours(bed, foreign):
    argv = netperf_commands.server_argv(address="127.0.0.1", port=foreign)
    says = rf"^domain vc00: netserver does not listen on port {foreign}: another program listens"
    with pytest.raises(VcperfError, match=says), bed.serve("vc00", argv, foreign):
        pass


def test_a_server_that_ends_is_reported_at_once_with_its_last_line(bed, monkeypatch):
    """One that lives and does not listen is waited for, here for half an hour."""
    patient = ssh.SESSION.replace("tries=200", "tries=20000")
    assert patient != ssh.SESSION
    monkeypatch.setattr(ssh, "SESSION", patient)
    argv = ["python3", "-c", "import json; json.loads('')"]
    says = r"^domain vc00: python3 does not listen on port 9: json\.decoder\.JSONDecodeError: E"
    begin = time.monotonic()
    with pytest.raises(VcperfError, match=says), bed.serve("vc00", argv, 9):
        pass
    assert time.monotonic() - begin < PATIENCE_S


def test_a_command_that_cannot_be_started_is_no_fault_of_ssh(bed, monkeypatch):
    monkeypatch.setattr(bed, "enter_argv", lambda domain: ["taskset", "-c", "999"])
    with pytest.raises(VcperfError, match=r"^domain vc00: one: taskset: [^\n]*Invalid argument$"):
        bed.run("vc00", ["true"], 10)


def test_errors_are_kept_apart_from_the_output_and_from_notes_on_the_session(bed):
    run = bed.run("vc00", ["sh", "-c", "echo a; printf b >&2; sh -c 'echo c >&2'; exit 3"], 10)
    assert (run["output"], run["errors"], run["status"]) == ("a\n", "bc\n", 3)


def test_errors_of_a_command_that_runs_meanwhile_are_kept_apart(bed):
    with bed.background("vc00", ["sh", "-c", "echo b >&2; echo a; read -r _"]) as running:
        running.wait(10)
    assert (running.record["output"], running.record["errors"]) == ("a\n", "b\n")
