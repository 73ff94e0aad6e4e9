"""Plain processes on hosts reached by ssh: whose they are, and that they run."""

import os
import signal

import pytest
from helpers.processes import gone, wait_until

from vcperf.errors import VcperfError
from vcperf.testbeds import native_by_ssh
from vcperf.testbeds import native_by_ssh as native_hosts


def test_a_dom0_is_recognised_by_its_uuid():
    assert native_by_ssh.is_dom0("00000000-0000-0000-0000-000000000000\n")
    assert not native_by_ssh.is_dom0("") and not native_by_ssh.is_dom0("<denied>\n")
    assert not native_by_ssh.is_dom0("5f0cfd3a-0000-4a4b-8b4e-000000000000")


def test_processes_belong_to_a_command_by_parent_and_by_session():
    def stat(pid, parent, session, ticks):
        return f"{pid} (a ) b) S {parent} {pid} {session} 0 -1 0 0 0 0 0 {ticks} 1 0 0 20"

    lines = [
        stat(10, 1, 10, 1),
        stat(11, 10, 11, 2),  # a session of its own
        stat(12, 11, 11, 4),
        stat(13, 1, 10, 8),  # its parent has gone
        stat(20, 1, 20, 16),
        stat(30, 1, 30, 32),  # another's
    ]
    ticks, commands = native_hosts._ticks("\n".join(lines), {10, 20})
    assert ticks == {10: 1 + 2 + 4 + 8 + 4, 20: 17}
    assert set(commands) == {10, 11, 12, 13, 20}
    allowed = "/proc/12/status:Cpus_allowed_list:\t3\n/proc/30/status:Cpus_allowed_list:\t1\n"
    assert native_hosts._masks(allowed, commands) == {10: ["Cpus_allowed_list:\t3"]}


def test_a_domain_in_which_nothing_runs_any_more_is_named_with_its_host(config):
    end = {"ssh": "one", "address": "127.0.0.1"}
    node = {"ssh": "one", "domains": {"vc00": [[0]], "c000": [[0]]}}
    spec = {"nodes": {"node0": node}, "ends": {"vc00": end}}
    testbed = native_hosts.HostsTestbed(spec, {"ssh_config": str(config)})
    assert testbed.ssh.open({"one": False}) == {}  # as in a campaign: without this machine's lock
    with testbed:
        assert testbed.observe()["pinning"] == testbed.wanted_pinning()
        pid = next(s.pid for s in testbed.sessions.live if s.record["domain"] == "c000")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: gone([pid]), "an end of what holds c000's CPUs")
        with pytest.raises(VcperfError, match=r"^domain c000: one: nothing runs in it any more"):
            testbed.observe()
