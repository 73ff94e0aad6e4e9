"""Connections by ssh to hosts that are not as they should be, over a real sshd."""

import os
import socket
from pathlib import Path

import pytest
from helpers.processes import wait_until

from vcperf.errors import VcperfError
from vcperf.testbeds import ssh
from vcperf.testbeds.ssh import Connections

pytestmark = pytest.mark.xdist_group("measuring")


def running_with(config):
    """Processes with this configuration on their command line."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(config) in file.read_text():
                found.append(int(file.parent.name))
        except OSError:
            continue
    return found


def test_what_a_login_script_prints_mixes_with_no_file_and_no_fault(config, sshd):
    sshd.put_a_door("echo Welcome", "echo stty: no terminal >&2")
    connections = Connections(str(config))
    assert connections.open({"odd": False}) == {}
    try:
        assert connections.feed("odd", ["cat"], b"\0program\n") == b"\0program\n"
        with pytest.raises(VcperfError, match=r"^odd: the cause$"):
            ends = "exec >&2; echo chatter; echo the cause; exit 3"
            connections.feed("odd", ["sh", "-c", ends], b"")
        failed = ["sh", "-c", "echo refused >&2; exit 2"]
        assert connections.batch({"odd": [["echo", "a b"], failed]}) == {
            "odd": [(0, "a b\n"), (2, "refused\n")]
        }
    finally:
        connections.close()


def test_a_socket_whose_keeper_is_gone_is_no_connection(config, monkeypatch):
    monkeypatch.setenv(ssh.CONTROL_FOLDER, "sockets")
    first, second = Connections(str(config)), Connections(str(config))
    assert first.open({"one": False}) == {}
    assert second.open({"one": False}) == {} and not second.keepers
    assert first.ask_once({"one": [["echo", "x"]]}) == {"one": [(0, "x\n")]}
    first.keepers["one"].kill()
    first.keepers["one"].wait()
    assert os.listdir("sockets")
    assert second.open({"one": False}) == {} and set(second.keepers) == {"one"}
    left = {name.partition(".")[2] for name in os.listdir("sockets")}
    assert left == {"", "machine"}, "answers go with the connection"
    second.close()
    assert not os.path.exists("sockets") and not running_with(config)


def test_a_connection_ends_though_the_configuration_says_persist(config):
    config.write_text(f"ControlPersist yes\n{config.read_text()}")
    connections = Connections(str(config))
    assert connections.open({"one": False}) == {}
    connections.close()
    wait_until(lambda: not running_with(config), "an end of the connection")


def test_a_host_that_does_not_answer_leaves_no_other_waiting(config, monkeypatch):
    monkeypatch.setattr(ssh, "BATCH_S", 0.5)
    connections = Connections(str(config))
    assert connections.open({"one": False, "two": False}) == {}
    keepers = {keeper.pid for keeper in connections.keepers.values()}
    hangs = [["sleep", "5"]]
    try:
        with pytest.raises(VcperfError, match=r"^one: did not answer within 0\.5 s$"):
            connections.batch({"one": hangs, "two": hangs})
        assert set(running_with(config)) == keepers
    finally:
        connections.close()


def test_a_command_without_a_keeper_does_not_wait_for_a_host_that_is_silent(config, monkeypatch):
    """ssh makes a connection of its own when the keeper's is lost."""
    monkeypatch.setattr(ssh, "CONNECT_S", 1)
    monkeypatch.setattr(ssh, "BATCH_S", 20)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        config.write_text(f"Host silent\n  Port {port}\n{config.read_text()}")
        with pytest.raises(VcperfError, match=r"^silent: cannot be reached by ssh \(.*timed out"):
            Connections(str(config)).batch({"silent": [["true"]]})
