"""MPI stacks: what they say of themselves, and what tells one from another."""

import os
import subprocess

import pytest
from helpers.checkout import ROOT

from vcperf.errors import VcperfError
from vcperf.tools import mpi_stacks


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ("mpich", "libfabric provider: tcp - 10.79.0.0/24"),
        ("mpich", "libfabric provider: tcp;ofi_rxm"),
        ("intel", "[0] MPI startup(): libfabric provider: tcp"),
        ("mpich", "nothing of it"),  # another device, or old
        ("openmpi", ""),
    ],
)
def test_tcp_and_silence_pass(stack, said):
    told = mpi_stacks.transport(stack, f"hello\n{said}\n")
    assert told in said or told == "btl tcp, as asked for"


@pytest.mark.parametrize(
    ("stack", "said", "fault"),
    [
        ("mpich", "libfabric provider: shm", "it took libfabric's shm"),
        ("intel", "[0] MPI startup(): libfabric provider: psm3", "it took libfabric's psm3"),
        ("mpich", "libfabric provider: verbs;ofi_rxm - tcp0", "it took libfabric's verbs"),
        ("intel", "[0] MPI startup(): library kind: release", "does not say which transport"),
    ],
)
def test_another_transport_is_refused(stack, said, fault):
    with pytest.raises(VcperfError, match=fault):
        mpi_stacks.transport(stack, f"hello\n{said}\n")


@pytest.mark.parametrize(
    ("output", "version"),
    [
        ("HYDRA build details:\n    Version:             4.0.2\n", "Version: 4.0.2"),
        ("mpiexec (Open MPI) 4.1.4\n\nReport bugs\n", "mpiexec (Open MPI) 4.1.4"),
        ("", ""),
    ],
)
def test_a_launcher_tells_its_version(output, version):
    assert mpi_stacks.version(output) == version


def test_programs_of_two_stacks_never_have_one_name():
    folders = ["/opt/mpi-4/1", "/opt/mpi/4-1", "/opt/mpi/4/1", "/opt/mpi@4/1", "/opt/it's"]
    stacks = [{"kind": "mpich", "folder": folder} for folder in folders]
    stacks += [{**stacks[0], "digest": "1"}, {**stacks[0], "host": "a"}, {**stacks[0], "host": "b"}]
    names = {mpi_stacks.program(stack, "ep") for stack in stacks}
    assert len(names) == len(stacks)
    for name in names:
        results, programs, stack, program = name.split("/")
        assert (results, programs, program) == ("results", "programs", "ep")
        assert stack.count("@") == ("@a" in stack or "@b" in stack) and "'" not in stack


def test_a_stack_folder_with_a_quote_reaches_no_shell(tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    agent = folder / "ask-launch"
    agent.write_bytes((ROOT / "scripts/launchers/ask-launch").read_bytes())
    os.mkfifo(folder / "requests")
    library = f"/opt/it's $(touch {tmp_path}/bad)/lib"
    asking = subprocess.Popen(
        ["sh", str(agent), "-x", "root@10.0.0.1", 'printf "%s" "$LD_LIBRARY_PATH"'],
        env={**os.environ, "LD_LIBRARY_PATH": library},
    )
    number, address, command = (folder / "requests").read_text().rstrip("\n").split(" ", 2)
    (folder / number).write_text("0 ended\n")
    assert asking.wait(20) == 0 and address == "10.0.0.1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == library and not (tmp_path / "bad").exists()
