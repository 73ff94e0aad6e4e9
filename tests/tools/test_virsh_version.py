"""What `virsh version` says; the texts are in tests/data/virsh_version (see test_filter)."""

import shutil
import subprocess

import pytest

from vcperf.tools import virsh_version


@pytest.mark.skipif(shutil.which("virsh") is None, reason="no virsh on this machine")
def test_the_real_virsh_is_understood():
    argv = virsh_version.argv("test:///default")
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    (row,) = virsh_version.parse(done.stdout)
    assert row["library"].startswith("libvirt ") and row["hypervisor"].startswith("TEST ")
