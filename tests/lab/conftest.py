"""The KVM host of the lab, for the tests of one file."""

import os

import pytest
from helpers import labs


@pytest.fixture(scope="module")
def kvm_host():
    """A host and two guests whose CPUs QEMU emulates, tied to a process that a test may kill to see
    them go."""
    if os.getuid() != 0:
        pytest.skip("only root gives hosts a network and mounts of their own")
    with labs.running("run-kvm", "--nodes", "1", "--emulated") as process:
        yield process
