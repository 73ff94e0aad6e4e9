"""The MPI programs: compiled here, run, and their output read by the parsers."""

import os
import shutil
import signal
import subprocess

import pytest
from helpers.checkout import ROOT

from vcperf.tools import ep, ep_load, imb

pytestmark = pytest.mark.xdist_group("measuring")

SOURCES = ROOT / "scripts/workloads/mpi"
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
MPICC = os.environ.get("VCPERF_MPICC") or str(ROOT / ".tools/mpi/mpich/bin/mpicc")
LAUNCHER = os.path.join(os.path.dirname(MPICC), "mpiexec")


@pytest.fixture(scope="session")
def mpi():
    """MPICH as a campaign would have it, unless VCPERF_MPICC names another."""
    if "VCPERF_MPICC" not in os.environ:
        subprocess.run([ROOT / "envs/setup.sh", "mpi", "mpich"], check=True)


needs_mpi = pytest.mark.usefixtures("mpi")
# Two processes of a test may have one CPU, and be root's.
ENVIRONMENT = {
    **os.environ,
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
}


def compiled(compiler, source, target, *options):
    command = [compiler, "-O3", *WARNINGS, *options, SOURCES / source, "-o", target, "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return str(target)


@pytest.fixture(scope="module")
def ep_alone(tmp_path_factory):
    gcc = shutil.which("gcc") or shutil.which("cc")
    if not gcc:
        pytest.skip("no C compiler: install gcc")
    return compiled(gcc, "ep.c", tmp_path_factory.mktemp("ep") / "ep", "-DNO_MPI")


@pytest.fixture(scope="module")
def programs(mpi, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mpi")
    return {name: compiled(MPICC, f"{name}.c", folder / name) for name in ("ep", "pingpong")}


def run(command, status=0):
    done = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == status, done.stderr
    return done


def mpiexec(processes, *command):
    return [LAUNCHER, "-n", str(processes), *command]


def verified(text, size, processes):
    (row,) = ep.parse(text)
    assert (row["class"], row["processes"], row["verified"]) == (size, processes, "yes")
    return row["pairs"]


# -- EP ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "pairs"),
    [
        ("S", 13176389),
        ("W", 26354769),
        pytest.param("A", 210832767, marks=pytest.mark.slow),
    ],
)
def test_ep_accepts_the_published_number_of_pairs(ep_alone, size, pairs):
    assert verified(run([ep_alone, size]).stdout, size, 1) == pairs


def repeat_until(process, wanted):
    """Lines of its output until one holds `wanted`."""
    lines = []
    while not lines or wanted not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], f"ended before it printed {wanted!r}: {lines}"
    return "".join(lines)


def repeated(command, wanted):
    """All that it prints when terminated after `wanted`, and its status."""
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        try:
            text = repeat_until(process, wanted)
            process.send_signal(signal.SIGTERM)
            text += process.communicate(timeout=20)[0]
        finally:
            process.kill()
    return text, process.returncode


def test_ep_repeats_until_sigterm(ep_alone):
    text, status = repeated([ep_alone, "-repeat", "S"], "EP repeat 2:")
    rows = ep_load.parse(text, "repeat")
    assert status == 0 and "stopped: steps" in text.splitlines()[-1]
    assert len(rows) >= 2 and {row["verified"] for row in rows} == {"yes"}


def test_ep_ends_in_the_middle_of_a_step(ep_alone):
    text, status = repeated([ep_alone, "-repeat", "D"], "started")
    assert status == 0 and ep_load.parse(text, "repeat") == [] and "steps 0" in text


def test_ep_tells_of_a_class_that_takes_an_hour_in_steps(ep_alone):
    text, status = repeated([ep_alone, "-repeat", "D"], "EP repeat 2:")
    rows = ep_load.parse(text, "repeat")
    assert status == 0 and len(rows) >= 2 and {row["verified"] for row in rows} == {None}


def test_ep_finds_the_same_in_steps(ep_alone):
    """Class W is two steps of one process; sums of the first run are gone in the second."""
    text, _ = repeated([ep_alone, "-repeat", "W"], "EP repeat 4:")
    rows = ep_load.parse(text, "repeat", 4)
    assert [row["verified"] for row in rows] == [None, "yes", None, "yes"]


@pytest.mark.parametrize("arguments", [[], ["E"], ["S", "W"], ["-repeats", "S"]])
def test_ep_refuses_in_one_line(ep_alone, arguments):
    done = run([ep_alone, *arguments], status=2)
    assert done.stdout == "" and done.stderr.count("\n") == 1
    assert "one of S W A B C D" in done.stderr


@needs_mpi
@pytest.mark.parametrize("processes", [1, 3])
def test_ep_under_mpi_finds_the_same(programs, processes):
    text = run(mpiexec(processes, programs["ep"], "S")).stdout
    assert verified(text, "S", processes) == 13176389


@needs_mpi
def test_ep_under_mpi_ends_when_one_process_is_told_to(programs):
    """All processes hear of it, in the middle of a step."""
    command = mpiexec(2, programs["ep"], "-repeat", "D")
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        try:
            repeat_until(process, "started")
            os.kill(_one_running(programs["ep"]), signal.SIGTERM)
            text = process.communicate(timeout=20)[0]
        finally:
            process.kill()
    assert process.returncode == 0 and "EP repeat stopped: steps 0" in text


def _one_running(program):
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/exe") == program:
                return int(entry)
        except OSError:
            continue
    raise AssertionError(f"{program} does not run")


# -- the ping-pong -------------------------------------------------------------------------


@needs_mpi
def test_pingpong_prints_what_imb_would(programs, tmp_path):
    sizes = [0, 1, 1000, 65536]
    lengths = tmp_path / "lengths.txt"
    lengths.write_text(imb.lengths(sizes))
    argv = imb.argv(
        programs["pingpong"], ["PingPong"], lengths_file=str(lengths), iterations=30, seconds=5
    )
    rows = imb.parse(run(mpiexec(2, *argv)).stdout)
    assert [row["message_bytes"] for row in rows] == sizes
    assert {(row["processes"], row["repetitions"]) for row in rows} == {(2, 30)}
    assert all(row["latency_us"] > 0 for row in rows)


@needs_mpi
def test_pingpong_keeps_to_forty_mib_and_to_the_time(programs, tmp_path):
    lengths = tmp_path / "lengths.txt"
    lengths.write_text(imb.lengths([4194304]))
    options = ["-msglen", str(lengths)]
    (row,) = imb.parse(run(mpiexec(2, programs["pingpong"], *options)).stdout)
    assert row["repetitions"] == 10
    (row,) = imb.parse(run(mpiexec(2, programs["pingpong"], *options, "-time", "1e-9")).stdout)
    assert row["repetitions"] == 1


@needs_mpi
@pytest.mark.parametrize(
    ("processes", "arguments", "fault"),
    [
        (1, [], "needs 2 processes, not 1"),
        (2, ["-msglog", "1:2"], "unknown option -msglog"),
        (2, ["-iter", "0"], "-iter 0: expected a whole number"),
        (2, ["-time", "x"], "-time x: expected seconds"),
        (2, ["-iter"], "-iter needs a value"),
        (2, ["-msglen", "/no/such"], "-msglen /no/such: No such file"),
    ],
)
def test_pingpong_refuses_in_one_line(programs, processes, arguments, fault):
    command = mpiexec(processes, programs["pingpong"], *arguments)
    done = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=120
    )
    own = [line for line in done.stderr.splitlines() if line.startswith("pingpong: ")]
    assert done.returncode != 0 and len(own) == 1 and fault in own[0]
    assert "#bytes" not in done.stdout
