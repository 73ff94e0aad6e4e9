"""This machine as a host of a testbed file: what would run by ssh runs here, and ends as it
would."""

import os

import pytest
from helpers.processes import gone, wait_until

from vcperf.errors import VcperfError
from vcperf.testbeds import ssh
from vcperf.testbeds.native_by_ssh import HostsTestbed
from vcperf.testbeds.ssh import HERE, Connections


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Connections of a campaign, in the folder in which the test runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(ssh.CONTROL_FOLDER, "sockets")
    connections = Connections(None)
    assert connections.open({HERE: False}) == {}
    yield connections
    connections.close()


def test_commands_run_on_this_machine_without_ssh(here, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ssh").write_text("#!/bin/sh\necho asked >>asked\nexit 255\n")
    (tmp_path / "bin/ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    failed = ["sh", "-c", "echo refused >&2; exit 2"]
    assert here.batch({HERE: [["echo", "a 'b"], failed]}) == {
        HERE: [(0, "a 'b\n"), (2, "refused\n")]
    }
    assert here.feed(HERE, ["cat"], b"\0program\n") == b"\0program\n"
    with pytest.raises(VcperfError, match=r"^this machine: the cause$"):
        here.feed(HERE, ["sh", "-c", "echo the cause >&2; exit 3"], b"")
    assert not (tmp_path / "asked").exists()


def test_a_campaigns_blocks_find_it_open_and_its_boot_known(here):
    block = Connections(None)
    assert block.open({HERE: True}) == {} and not block.keepers  # nor do they wait for its lock
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:
        assert block.machine(HERE).split()[-1] == boot.read().strip()
    here.close()
    assert Connections(None).machine(HERE) == HERE


def test_a_command_ends_with_its_input(here):
    process, lifeline = here.session(HERE, ["sleep", "600"], port=0)
    line = process.stderr.readline()
    while b"started" not in line:
        line = process.stderr.readline()
    pid = int(line.split()[-1])
    assert os.getsid(pid) != os.getsid(0), "Ctrl-C is not for it"
    os.close(lifeline)
    wait_until(lambda: gone([pid]), "an end of the command")
    process.communicate()


def test_domains_of_this_machine_run_on_their_cpus(here):
    node, ends = HostsTestbed.place(
        {"here": True, "domains": {"vc00": {"address": "127.0.0.1"}}}, "vc00", ["vc00"]
    )
    assert node == {"ssh": HERE} and ends["vc00"]["ssh"] == HERE
    spec = {"nodes": {"node0": {**node, "dom0": "vc00", "domains": {"vc00": [[0]]}}}, "ends": ends}
    testbed = HostsTestbed(spec, {})
    with testbed:
        before = testbed.observe()
        run = testbed.run("vc00", ["sh", "-c", "grep Cpus_allowed_list: /proc/$$/status"], 10)
        after = testbed.observe()
    assert run["output"].split()[-1] == "0" and run["host"] == HERE
    assert before["pinning"] == after["pinning"] == {"vc00": [[0]]}
    assert set(after["hosts"]) == {HERE}
    assert testbed.facts()["platform"] == "plain processes on this machine"
