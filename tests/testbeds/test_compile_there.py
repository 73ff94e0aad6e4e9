"""Programs compiled on hosts."""

import pytest
import yaml
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.testbeds import compile_there


def test_a_stack_that_a_host_does_not_have_is_one_line(mpi_hosts, tmp_path):
    said = VcperfError
    context = yaml.safe_load((mpi_hosts.folder / "testbed.yaml").read_text())
    source = str(ROOT / "scripts/workloads/mpi/ep.c")
    with pytest.raises(said, match=r"^node1: /nowhere/bin/mpicc: not found there$"):
        compile_there.compile_there("node1", "/nowhere", source, str(tmp_path / "ep"), context)
    assert not list(tmp_path.glob("ep*"))
