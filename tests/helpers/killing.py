"""Programs of a block killed at random moments; nothing may be left of it."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from random import Random

from helpers.processes import descendants, gone, wait_until
from vcperf.records import record

MOMENTS = 3  # per program, at least
MOST = 20  # until one of them has failed a block: a warm-up is tried again
LATEST_S = 1.2  # a block of a second has ended soon after


def surroundings() -> tuple:
    """What of this machine a block must leave as it was: mounts and network interfaces."""
    return Path("/proc/self/mounts").read_text(), sorted(os.listdir("/sys/class/net"))


def pids_of(wanted: str, below: dict[int, str]) -> list[int]:
    """The processes whose program has a name. Those that are on the way to it have it too, as the
    argument of another."""
    return [p for p, line in below.items() if Path(line.partition(" ")[0]).name == wanted]


def killed(
    argv: list[str],
    folder: Path,
    wanted: str,
    choose: Random,
    env: dict[str, str],
    there: int = 0,
    latest_s: float = LATEST_S,
) -> tuple[int, str]:
    """Run a block. At a random moment, kill one of its programs or the block itself.

    Args:
        argv: the block.
        folder: its working directory.
        wanted: the program's name; empty for the block itself.
        choose: draws the moment, and which process where there are several.
        env: the block's environment.
        there: the pid of a server whose processes the block uses; 0 when it uses none.
        latest_s: the moment is at most so many seconds after the block's start.

    Returns the block's status and what it said, when all that it had started has ended.
    """
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    before, seen = surroundings(), {}
    moment = time.monotonic() + choose.uniform(0, latest_s)
    with subprocess.Popen(
        argv,
        cwd=folder,
        env={**env, "TMPDIR": str(temporary)},
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
    if there:
        wait_until(lambda: gone(descendants(there)), "an end of all that ran on the hosts")
    assert list(temporary.iterdir()) == [] and surroundings() == before
    return block.returncode, said


def check_all(
    trial,
    argv: list[str],
    folder: Path,
    file: Path,
    wanted: str,
    **others,
) -> None:
    """Kill a program at several moments, each time in a new block; then measure one in peace.

    Args:
        trial: the trial, which says what a block may say.
        file: the block's record.

    The others, also those by name, are those of `killed`.
    """
    choose, failed = Random(trial.done), 0
    for number in range(MOST):
        if number >= MOMENTS and failed:
            break
        file.unlink(missing_ok=True)
        status, said = killed(argv, folder, wanted, choose, **others)
        assert file.exists() == (status == 0), said
        if status:
            failed += 1
            trial.check(said)
        else:
            record.read(str(file))
    assert failed
    file.unlink(missing_ok=True)
    done = subprocess.run(argv, cwd=folder, env=others["env"], check=False)
    assert done.returncode == 0 and record.read(str(file))["commands"]
