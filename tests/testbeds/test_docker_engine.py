"""The daemon of a block: what it says when it does not start."""

import subprocess

import pytest

from vcperf.errors import VcperfError
from vcperf.testbeds import docker_engine


def test_a_daemon_that_ends_is_told_with_what_it_has_printed(tmp_path, monkeypatch):
    monkeypatch.setattr(docker_engine, "STATE", str(tmp_path))
    (tmp_path / "node0").mkdir()
    (tmp_path / "node0/log").write_text("level=info\nfailed to start daemon: no disk\n")
    with subprocess.Popen(["false"]) as daemon:
        said = "node node0: dockerd does not start: failed to start daemon: no disk"
        with pytest.raises(VcperfError, match=said):
            docker_engine._await("node0", daemon)
