"""Connections by ssh to hosts that are not as they should be, over a real sshd."""

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from test_faults import wait_until
from test_ssh import block, measured, site, tell_xm, write_testbed  # noqa: F401 (site)

from vcperf import observation
from vcperf.errors import VcperfError
from vcperf.testbeds import ssh
from vcperf.testbeds.remote import RemoteTestbed
from vcperf.testbeds.shell import BEGIN
from vcperf.testbeds.ssh import Connections, reason, why
from vcperf.tools import netperf_commands

pytestmark = pytest.mark.xdist_group("ssh")

ODD = {"node0": "odd", "node1": "odd", "vc00": "odd", "c010": "odd"}


@pytest.fixture
def config(sshd, tmp_path, monkeypatch):
    """A configuration for ssh that nobody else uses, in the folder in which the test runs."""
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "ssh_config"
    shutil.copy(sshd.ssh_config, copy)
    return copy


@pytest.fixture
def bed(config, monkeypatch):
    """A domain vc00, which is this machine, with connections of a campaign."""
    monkeypatch.setenv(ssh.CONTROL_FOLDER, "sockets")
    ends = {"vc00": {"ssh": "one", "address": "127.0.0.1"}}
    with RemoteTestbed({"nodes": {}, "ends": ends}, {"ssh_config": str(config)}) as opened:
        yield opened


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


# --- hosts with login scripts, or without flock ---


@pytest.mark.parametrize("testbed", ["native", "xen"])
def test_what_a_login_script_prints_is_not_ours(checkout, sshd, monkeypatch, testbed):
    write_testbed(checkout, sshd, **ODD)
    tell_xm(sshd)
    sshd.put_a_door("echo Welcome to the cluster", "echo stty: no terminal >&2", "printf prompt")
    done = measured(block(checkout, monkeypatch, testbed), checkout)
    assert done.returncode == 0, done.stderr
    record = json.loads((checkout.folder / "record.json").read_text())
    assert "Welcome" not in json.dumps(record) and "prompt" not in json.dumps(record)


def test_nor_does_it_mix_with_files_and_faults(config, sshd):
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


@pytest.mark.parametrize(
    ("flock", "says"),
    [
        ("", "odd: cannot be locked: there is no flock; install it there (util-linux)\n"),
        (
            "echo trying >&2; echo 'flock: 9: Bad file descriptor' >&2; exit 65",
            "odd: cannot be locked: flock: 9: Bad file descriptor\n",
        ),
    ],
)
def test_a_node_that_cannot_be_locked_is_named(
    checkout, sshd, monkeypatch, tmp_path_factory, flock, says
):
    commands = tmp_path_factory.mktemp("bin")
    for name in ("sh", "cat"):
        (commands / name).symlink_to(shutil.which(name))
    if flock:
        (commands / "flock").write_text(f"#!/bin/sh\n{flock}\n")
        (commands / "flock").chmod(0o755)
    sshd.put_a_door(f"PATH={commands}")
    write_testbed(checkout, sshd, node0="odd", node1="odd")
    tell_xm(sshd)
    done = measured(block(checkout, monkeypatch, "xen"), checkout)
    assert done.returncode == 1 and done.stderr == says


# --- ports ---


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
        assert bed.free_port("vc00", port) > port, "it is asked anew"


def test_a_foreign_server_is_not_taken_for_ours(bed, foreign):
    argv = netperf_commands.server_argv(address="127.0.0.1", port=foreign)
    says = rf"^domain vc00: netserver does not listen on port {foreign}: another program listens"
    with pytest.raises(VcperfError, match=says), bed.serve("vc00", argv, foreign):
        pass


def test_a_server_that_ends_is_told_soon_by_its_last_words(bed):
    argv = ["python3", "-c", "import json; json.loads('')"]
    says = r"^domain vc00: python3 does not listen on port 9: json\.decoder\.JSONDecodeError: E"
    begin = time.monotonic()
    with pytest.raises(VcperfError, match=says), bed.serve("vc00", argv, 9):
        pass
    assert time.monotonic() - begin < 15, "20 s are for those that live"


# --- connections that are lost ---


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
    assert len(os.listdir("sockets")) == 1, "answers go with the connection"
    second.close()
    assert not os.path.exists("sockets") and not running_with(config)


def test_no_connection_persists(config):
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


# --- what went wrong, in one line ---


def test_a_command_that_cannot_be_started_is_no_fault_of_ssh(bed, monkeypatch):
    monkeypatch.setattr(bed, "enter_argv", lambda domain: ["taskset", "-c", "999"])
    with pytest.raises(VcperfError, match=r"^domain vc00: one: taskset: [^\n]*Invalid argument$"):
        bed.run("vc00", ["true"], 10)


CHANGED = """\
@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@
"""
GATE = (
    "kex_exchange_identification: Connection closed by remote host\r\n"
    "Connection closed by UNKNOWN port 65535\r\n"
)


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        ("", "cannot be reached by ssh (the connection was lost)"),
        ("mux_client_hello_exchange: write packet: Broken pipe\n", "(the connection was lost)"),
        (
            "ssh: connect to host gate port 22: Connection refused\r\n" + GATE,
            "cannot be reached by ssh (ssh: connect to host gate port 22: Connection refused)",
        ),
        (
            "channel 0: open failed: connect failed: No route to host\nstdio forwarding failed\n"
            "Connection closed by UNKNOWN port 65535\n",
            "cannot be reached by ssh (channel 0: open failed: connect failed: No route to host)",
        ),
        (
            "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\n"
            "Disconnected from 10.0.0.1 port 22\n",
            "Too many authentication failures)",
        ),
        (
            "root@c000: Permission denied (publickey).\nlost\n",
            "refused our key (root@c000: Permission denied (publickey).); is it in",
        ),
        (
            "root@gate: Permission denied (publickey).\r\n" + GATE,
            "its jump host refused our key (root@gate: Permission denied (publickey).)",
        ),
        (
            CHANGED + "Host key for c000 has changed and you have requested strict checking.\n"
            "Host key verification failed.\n",
            "its host key has changed",
        ),
        # StrictHostKeyChecking no: ssh warns and goes on.
        (CHANGED + "root@c000: Permission denied (publickey).\n", "refused our key (root@c000"),
        (
            "No ED25519 host key is known for gate and you have requested strict checking.\n"
            "Host key verification failed.\n" + GATE,
            "its jump host's key (No ED25519 host key is known for gate and you",
        ),
        ("Host key verification failed.\n", "its host key is not known"),
        ("cat: .ssh/config: Permission denied\nlost\n", "cannot be reached by ssh (lost)"),
        # A host that hangs while a command runs there.
        (f"{BEGIN}\nmux_client_request_session: lost\n", "ssh (the connection was lost)"),
    ],
)
def test_the_cause_is_told(errors, says):
    told = reason(errors.encode())
    assert says in told and "\n" not in told and "\r" not in told
    assert why(ssh.SSH_FAILED, errors.encode()) == told


def test_a_commands_own_fault_is_told_by_its_last_words():
    said = "Traceback (most recent call last):\n  x\nOSError: no room\n"
    assert why(1, said.encode()) == "OSError: no room"
    assert why(3, b"") == "status 3"


# --- blocks by hand ---


def test_a_block_by_hand_locks_its_nodes_once(site, monkeypatch):  # noqa: F811
    """Its nodes are this machine, whose lock scripts/isolate takes for blocks that run here."""
    argv = block(site, monkeypatch, "native")
    monkeypatch.delenv("VCPERF_NODE_LOCKED")
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("spins", "percent"), [("c001", 100), ("Domain-0", 0)])
def test_guests_that_a_block_does_not_use_are_others(
    site,  # noqa: F811
    sshd,
    monkeypatch,
    spins,
    percent,
):
    tell_xm(sshd, spins=[spins])
    done = measured(block(site, monkeypatch, "xen"), site)
    assert done.returncode == 0, done.stderr
    record = json.loads((site.folder / "record.json").read_text())
    others, _ = observation.disturbance(record["before"], record["after"])
    assert others == pytest.approx(percent, abs=30)
