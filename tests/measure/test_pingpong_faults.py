"""MPI that fails: one line, that block unmeasured, the others measured, nothing left."""

import os
import re
import signal
import subprocess

import pytest
from helpers.checkout import ROOT
from helpers.config import NO_NETPERF, pingpong_section
from helpers.mpi_blocks import LONG, one_line
from helpers.processes import descendants, gone, wait_until

pytestmark = pytest.mark.xdist_group("measuring")

JOBS = ("mpiexec", "prterun", "hydra_pmi_proxy", "hydra_bstrap_proxy", "prted", "pingpong", "ep")
BOTH = pytest.mark.parametrize("testbed", ["auto", "native"])


def name_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm") as handle:
            return handle.read().strip()
    except OSError:
        return ""


def jobs_below(pid: int, wanted: str, count: int):
    """All descendants, once so many of the name are among them."""
    below = descendants(pid)
    return below if sum(name_of(p) == wanted for p in below) >= count else {}


@BOTH
@pytest.mark.parametrize("stack", ["mpich", "openmpi"])
@pytest.mark.parametrize("load", ["none", "ep"])
def test_a_rank_that_dies_is_one_line_and_leaves_nothing(
    mpi_block,
    checkout,
    in_new_session,
    testbed,
    stack,
    load,
):
    argv = mpi_block(testbed, stacks=[stack], loads=[load], **LONG)
    with (checkout.folder / "said").open("w") as said:
        run = subprocess.Popen(argv, stderr=said, stdout=said, start_new_session=True)
    in_new_session(run)
    below = wait_until(lambda: jobs_below(run.pid, "pingpong", 2), "two ranks running")
    os.kill(next(p for p in below if name_of(p) == "pingpong"), signal.SIGKILL)
    run.wait(60)
    assert stack in one_line(run, (checkout.folder / "said").read_text())
    assert not (checkout.folder / "record.json").exists()
    wait_until(lambda: gone(below), "the end of all")


@BOTH
@pytest.mark.parametrize("stack", ["mpich", "openmpi"])
def test_a_killed_block_leaves_no_rank(mpi_block, in_new_session, testbed, stack):
    argv = mpi_block(testbed, stacks=[stack], loads=["ep"], **LONG)
    run = subprocess.Popen(argv, start_new_session=True)
    in_new_session(run)
    below = wait_until(lambda: jobs_below(run.pid, "pingpong", 2), "both jobs running")
    assert sum(name_of(p) == "ep" for p in below) == 2
    run.kill()
    run.wait()
    wait_until(lambda: gone(below), "the end of all")


def test_what_a_killed_block_left_goes_at_the_next(
    mpi_block,
    in_new_session,
    tmp_path,
    monkeypatch,
):
    """SIGKILL spares no block the time to remove its folder; a netns one's goes by itself."""
    there = tmp_path / "tmp"
    foreign = there / "vcperf.other"
    foreign.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(there))
    run = subprocess.Popen(
        mpi_block("native", stacks=["openmpi"], loads=["none"], **LONG), start_new_session=True
    )
    in_new_session(run)
    wait_until(lambda: jobs_below(run.pid, "pingpong", 1), "the job running")
    run.kill()
    run.wait()
    assert len(list(there.glob("vcperf*"))) == 2
    argv = mpi_block("native", stacks=["openmpi"], loads=["none"], message_bytes=[1024])
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(there.glob("vcperf*")) == [foreign]


def test_a_table_cut_short_is_one_line(mpi_block, checkout):
    """A program that ends well and loses lines."""
    own = checkout.folder / "IMB-MPI1"
    argv = mpi_block(
        stacks=["mpich"], loads=["none"], programs=["IMB-MPI1"], imb=str(own), repetitions=10
    )
    (ours,) = (checkout.folder / "results/programs").rglob("pingpong")
    own.write_text(f"#!/bin/sh\n'{ours}' \"$@\" | sed '/^ *16384 /,$d'\n")
    own.chmod(0o755)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    said = one_line(done, done.stdout + done.stderr)
    assert said.startswith("PingPong c000-c010 on mpich: the output is cut off")
    assert not (checkout.folder / "record.json").exists()


@BOTH
def test_ranks_that_are_bound_to_one_core_are_one_line(mpi_block, checkout, testbed):
    """As Open MPI binds them by itself; each domain has a CPU of its own here."""
    own = checkout.folder / "IMB-MPI1"
    argv = mpi_block(
        testbed,
        clusters={"vc0": ["c000", "c001"], "vc1": ["c010"]},
        stacks=["mpich"],
        loads=["none"],
        programs=["IMB-MPI1"],
        imb=str(own),
    )
    (ours,) = (checkout.folder / "results/programs").rglob("pingpong")
    own.write_text(f"#!/bin/sh\nexec taskset --cpu-list 0 '{ours}' \"$@\"\n")
    own.chmod(0o755)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    said = one_line(done, done.stdout + done.stderr)
    assert re.match(r"domain c00[01]: pinned to CPUs .* but during the measurement it was on", said)
    assert not (checkout.folder / "record.json").exists()


def test_a_host_name_that_nobody_knows_is_no_matter(mpi_block, checkout):
    """Ranks on one host ask for its name, and a machine's own is often in no list."""
    for stack in ("mpich", "openmpi"):
        argv = mpi_block("native", stacks=[stack], loads=["ep"], message_bytes=[1024])
        user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
        nameless = ["unshare", *user, "--uts", "sh", "-c", 'hostname nobody.invalid && exec "$@"']
        done = subprocess.run([*nameless, "sh", *argv], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (checkout.folder / "record.json").exists()


def failed(checkout, env=None, **changes) -> str:
    """What a campaign says, of which some blocks cannot be had."""
    campaign = checkout.overlay("mpi.yaml", {**NO_NETPERF, "pingpong": pingpong_section(**changes)})
    done = checkout.snakemake("results/figures/", configfile=campaign, env=env)
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def only_measured(checkout, *stacks: str) -> None:
    assert [r["spec"]["stack"]["kind"] for r in checkout.read_records()] == list(stacks)


@pytest.mark.slow
def test_a_wheel_that_cannot_be_had_spoils_its_blocks_alone(checkout):
    tools = checkout.folder / ".tools"
    tools.unlink()
    (tools / "mpi").mkdir(parents=True)
    subprocess.run([ROOT / "envs/setup.sh", "mpi", "openmpi"], check=True)
    for there in (*(ROOT / ".tools").iterdir(), ROOT / ".tools/mpi/openmpi"):
        if there.name != "mpi":
            (tools / there.relative_to(ROOT / ".tools")).symlink_to(there)
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_RETRIES": "0",
    }
    env = {**nowhere, "PIP_CONFIG_FILE": os.devnull}
    output = failed(checkout, env, stacks=["mpich", "openmpi"], loads=["none"])
    (log,) = (checkout.folder / "results/logs/compile").rglob("mpich-*/pingpong.log")
    _, said = log.read_text().splitlines()
    assert said.startswith("setup: pip could not install envs/mpi-mpich.txt: ") and said in output
    assert not (tools / "mpi/mpich").exists()
    only_measured(checkout, "openmpi")


def test_a_compiler_that_is_not_there_is_named(checkout):
    output = failed(checkout, {"CC": "no-such-cc"}, stacks=["mpich"], loads=["none"])
    (log,) = (checkout.folder / "results/logs/compile").rglob("pingpong.log")
    (said,) = log.read_text().splitlines()
    assert said.startswith("compile-mpi: no C compiler no-such-cc: install gcc") and said in output
    only_measured(checkout)


def test_an_imb_that_is_not_there_spoils_its_blocks_alone(checkout):
    wanted = {"programs": ["pingpong", "IMB-MPI1"], "imb": "/nowhere/IMB-MPI1"}
    output = failed(checkout, stacks=["mpich"], loads=["none"], **wanted)
    assert "/nowhere/IMB-MPI1: not found; was the MPI stack set up?" in output
    only_measured(checkout, "mpich")
