"""MPI stacks: what they say of themselves, and what tells one from another."""

import itertools
import os
import subprocess

import pandas as pd
import pytest
from conftest import ROOT
from test_config import plan_of

from vcperf.analysis import latency
from vcperf.errors import VcperfError
from vcperf.kinds import pingpong as kind
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


@pytest.fixture
def own(tmp_path):
    """The keys of a campaign on a site's own files, which the test may change."""
    (tmp_path / "mpi/bin").mkdir(parents=True)
    (tmp_path / "mpi/lib").mkdir()
    stack = {"kind": "mpich", "folder": str(tmp_path / "mpi")}
    wanted = {
        "stacks": ["own"],
        "programs": ["IMB-MPI1"],
        "imb": str(tmp_path / "IMB-MPI1"),
        "load": {"class": "S", "cluster": "vc1", "program": str(tmp_path / "ep.S.x")},
    }

    def keys():
        kind._content.cache_clear()
        plan = plan_of(
            {"stacks": {"own": stack}, "pingpong": wanted, "profile": None}, tmp=tmp_path
        )
        return {cell.labels["load"]: cell.spec for cell in plan.cells if cell.kind == "pingpong"}

    return keys


def test_what_is_in_a_sites_files_is_part_of_the_key(own, tmp_path):
    files = ["mpi/bin/mpiexec", "mpi/lib/libmpi.so", "IMB-MPI1", "ep.S.x"]
    seen = [own()]
    assert "digest" not in str(seen)  # nothing is there yet: blocks will say so
    for file in files:
        (tmp_path / file).write_text("4.1")
        seen.append(own())
    assert own() == seen[-1]
    (tmp_path / "mpi/lib/libmpi.so").write_text("4.2")
    seen.append(own())
    for before, after in itertools.pairwise(seen):
        assert before["ep"] != after["ep"]
    # The load's own program is no matter where there is no load.
    assert seen[3]["none"] == seen[4]["none"] and "file" in seen[4]["ep"]["load"]


def test_a_stack_folder_with_a_quote_reaches_no_shell(tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    agent = folder / "ask-launch"
    agent.write_bytes((ROOT / "scripts/ask-launch").read_bytes())
    os.mkfifo(folder / "requests")
    library = f"/opt/it's $(touch {tmp_path}/bad)/lib"
    asking = subprocess.Popen(
        ["sh", str(agent), "-x", "root@10.0.0.1", 'printf "%s" "$LD_LIBRARY_PATH"'],
        env={**os.environ, "LD_LIBRARY_PATH": library},
    )
    number, address, command = (folder / "requests").read_text().rstrip("\n").split(" ", 2)
    with open(folder / number, "r+") as answer:
        answer.write("0 ended\n")
    assert asking.wait(20) == 0 and address == "10.0.0.1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == library and not (tmp_path / "bad").exists()


def latencies(program, values, **changes):
    cell = {"testbed": "netns", "pinning": "p", "path": "a->b", "stack": "mpich", "load": "none"}
    cell |= {"message_bytes": 64, "status": "ok", "platform": "here", "shared_cpus": "no"}
    return [{**cell, "program": program, "latency_us": value, **changes} for value in values]


def test_our_ping_pong_is_held_against_imb_where_both_are():
    blocks = latencies("pingpong", [11.0, 12.0, 13.0]) + latencies("IMB-MPI1", [9.0, 10.0, 11.0])
    alone = latencies("pingpong", [1.0, 2.0], stack="openmpi")
    (row,) = latency.programs(pd.DataFrame(blocks + alone)).to_dict("records")
    assert row["ratio"] == pytest.approx(1.2) and row["ratio_low"] < 1.2 < row["ratio_high"]
    assert (row["stack"], row["blocks"], row["imb_blocks"]) == ("mpich", 3, 3)
    assert (row["pingpong_us"], row["imb_us"]) == (12, 10)
    none = latency.programs(pd.DataFrame(alone))
    assert none.empty and list(none.columns) == list(row)
