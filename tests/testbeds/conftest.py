"""Connections by ssh, on their own."""

import shutil

import pytest

from vcperf.testbeds import ssh
from vcperf.testbeds.remote import RemoteTestbed


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
