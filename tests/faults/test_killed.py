"""Programs killed at any moment of a block: one line, nothing left, and the next run goes well."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from random import Random

import pytest
from helpers import local_block, trials
from helpers.perf import needs_perf
from helpers.processes import descendants, gone, wait_until

from vcperf.records import record

MOMENTS = 3  # per program
LATEST_S = 1.2  # a block of a second has ended soon after


def surroundings() -> tuple:
    """What of this machine a block must leave as it was: mounts and network interfaces."""
    return Path("/proc/self/mounts").read_text(), sorted(os.listdir("/sys/class/net"))


def pids_of(wanted: str, below: dict[int, str]) -> list[int]:
    """The processes whose program has a name. Those that are on the way to it have it too, as the
    argument of another."""
    return [p for p, line in below.items() if Path(line.partition(" ")[0]).name == wanted]


def killed(argv: list[str], folder: Path, wanted: str, choose: Random) -> tuple[int, str]:
    """Run a block and kill one of its programs at a random moment, or the block itself.

    Args:
        argv: the block.
        folder: its working directory.
        wanted: the program's name; empty for the block itself.
        choose: draws the moment, and which process where there are several.

    Returns the block's status and what it said, when all that it had started has ended.
    """
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    before, seen = surroundings(), {}
    moment = time.monotonic() + choose.uniform(0, LATEST_S)
    with subprocess.Popen(
        argv,
        cwd=folder,
        env={**local_block.environment(), "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        text=True,
    ) as block:
        victims: list[int] = []
        while block.poll() is None and not (victims and time.monotonic() > moment):
            seen |= descendants(block.pid)
            victims = pids_of(wanted, seen) if wanted else [block.pid]
            victims = [pid for pid in victims if not gone([pid])]
        if victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(choose.choice(victims), signal.SIGKILL)
        said = block.stderr.read()
    wait_until(lambda: gone(seen), "an end of all that the block had started")
    assert list(temporary.iterdir()) == [] and surroundings() == before
    return block.returncode, said


def check_all(trial, argv: list[str], folder: Path, file: Path, wanted: str) -> None:
    """Kill a program at several moments, each time in a new block; then measure one in peace."""
    choose, failed = Random(trial.done), 0
    for _ in range(MOMENTS):
        file.unlink(missing_ok=True)
        status, said = killed(argv, folder, wanted, choose)
        assert file.exists() == (status == 0), said
        if status:
            failed += 1
            trial.check(said)
        else:
            record.read(str(file))
    assert failed
    file.unlink(missing_ok=True)
    done = subprocess.run(argv, cwd=folder, env=local_block.environment(), check=False)
    assert done.returncode == 0 and record.read(str(file))["commands"]


@pytest.mark.parametrize("testbed", ["netns", "native"])
@trials.of("measuring", "netserver", "netperf")
def test_a_program_of_netperf(trial, tmp_path, testbed):
    if local_block.fault_of(testbed):
        pytest.skip(local_block.fault_of(testbed))
    name = next(key for key, one in trials.TRIALS.items() if one is trial)
    file = tmp_path / "1.json"
    argv = local_block.argv_of(local_block.spec_of(testbed), file)
    check_all(trial, argv, tmp_path, file, "" if name == "measuring" else name)


@pytest.mark.slow
@pytest.mark.parametrize("testbed", ["auto", "native"])
@trials.of("rank", "ep")
def test_a_rank_of_an_mpi_job(trial, mpi_block, checkout, testbed):
    argv = mpi_block(
        testbed, stacks=["mpich"], loads=["ep"], message_bytes=[1, 1024], repetitions=1000
    )
    wanted = "pingpong" if "EP" not in trial.done else "ep"
    check_all(trial, argv, checkout.folder, checkout.folder / "record.json", wanted)


@needs_perf
@trials.of("perf")
def test_perf(trial, tmp_path):
    file = tmp_path / "1.json"
    spec = local_block.spec_of("netns", kind="profile", workload="netperf")
    spec["profiler"] = {"name": "perf", "event": "cpu-clock", "frequency_hz": 997}
    argv = [
        word.replace("measure.netperf", "measure.profile")
        for word in local_block.argv_of(spec, file)
    ]
    check_all(trial, argv, tmp_path, file, "perf")
