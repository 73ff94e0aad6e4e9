"""A host reached by ssh that stops answering: one line, soon, and nothing left when it is back."""

import contextlib
import os
import signal
import subprocess

import pytest
from helpers import local_block, trials
from helpers.processes import descendants, gone, wait_until
from helpers.ssh_site import block_argv

from vcperf.records import record

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("measuring")]

LONGEST_S = 90  # half a minute on an idle host; a command that waits by itself takes two


def tell(pids, number) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@trials.of("silent host")
def test_a_host_that_stops_answering(trial, site_without_lock, sshd, monkeypatch, in_new_session):
    """Its kernel still takes what is sent, as that of a host whose disk hangs does."""
    folder, server = site_without_lock.folder, sshd.process.pid
    config, testbed = folder / "ssh_config", folder / "testbed.yaml"
    config.write_text(f"ServerAliveCountMax 1\n{sshd.ssh_config.read_text()}")  # by default 3
    testbed.write_text(testbed.read_text().replace(str(sshd.ssh_config), str(config)))
    argv = block_argv(site_without_lock, monkeypatch, "native", netperf={"duration_s": 2})
    options = {"cwd": folder, "env": local_block.environment(), "text": True}
    block = subprocess.Popen(argv, **options, stderr=subprocess.PIPE, start_new_session=True)
    in_new_session(block)

    def measuring():
        return any(line.startswith("netperf ") for line in descendants(server).values())

    wait_until(measuring, "netperf running")
    below, stopped = descendants(block.pid), [server, *descendants(server)]
    tell(stopped, signal.SIGSTOP)
    try:
        said = block.communicate(timeout=LONGEST_S)[1]
        again = subprocess.run(argv, **options, capture_output=True, check=False)
    finally:
        tell(stopped, signal.SIGCONT)
    trial.check(said)
    print(said, again.stderr)
    trial.check(again.stderr)
    assert block.returncode == again.returncode == 1
    wait_until(lambda: gone(below), "an end of all that the block had started")
    wait_until(lambda: gone(descendants(server)), "an end of all that ran on the host")
    assert not (folder / "record.json").exists()
    done = subprocess.run(argv, **options, check=False)
    assert done.returncode == 0 and record.read(str(folder / "record.json"))["commands"]
