"""Where the lab's things lie, how it says what it does, and how it fails."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from vcperf.basics.checkout import TOOL_FOLDERS
from vcperf.testbeds import programs

LAB = Path(__file__).resolve().parent
FILES = LAB / "files"
CHECKOUT = LAB.parent
RUN = LAB / "run"
CACHE = CHECKOUT / ".tools" / "lab"
TAIL_LINES = 20

# What is on the PATH of a user is not always all there is.
os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), *TOOL_FOLDERS])


class LabError(Exception):
    """What went wrong, in one line.

    Args:
        message: names the step, and the host where there is one.
        log: output with details; its last lines are printed.
    """

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log

    def report(self) -> str:
        """The one line, and below it the last lines of the log."""
        lines = self.log.replace("\r", "").rstrip().splitlines()[-TAIL_LINES:]
        return "\n".join([f"lab: {self}", *(f"    {line}" for line in lines)])


def run_tied(argv: Sequence[str]) -> int:
    """Run a command that ends with this process at the latest, and with it whatever it measures.

    Returns:
        its exit status.
    """
    process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *argv])
    try:
        status = process.wait()
    except BaseException:  # a signal: the command has had it, or gets it now
        process.terminate()
        process.wait()
        raise
    return status if status >= 0 else 128 - status


def say(text: str) -> None:
    print(f"lab: {text}", flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Say what was done and how many seconds it took, once it is done."""
    begin = time.monotonic()
    yield
    say(f"{text} ({time.monotonic() - begin:.1f} s)")


def run(argv: Sequence[str | os.PathLike[str]], doing: str, **options: object) -> str:
    """Run a command to its end.

    Args:
        argv: the command.
        doing: names the step, for the error.
        options: for subprocess.run.

    Returns:
        its standard output.

    Raises:
        LabError: it failed; with its output.
    """
    words = [os.fspath(word) for word in argv]
    try:
        done = subprocess.run(  # type: ignore[call-overload]
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options
        )
    except FileNotFoundError:
        raise LabError(
            f"{doing}: {words[0]} not found; `envs/setup.sh lab` or `lab-kvm` installs it"
        ) from None
    if done.returncode:
        raise LabError(
            f"{doing}: {words[0]} ended with {done.returncode}", done.stdout + done.stderr
        )
    return str(done.stdout)


def need(commands: dict[str, str], setup: str = "lab") -> None:
    """Refuse to go on without these commands.

    Args:
        commands: name -> the Debian package that has it.
        setup: the argument with which `envs/setup.sh` installs them.

    Raises:
        LabError: names what is missing.
    """
    absent = programs.missing(commands)
    if absent:
        raise LabError(f"{absent}; on Debian `envs/setup.sh {setup}` as root does that")


@contextlib.contextmanager
def locked(folder: Path, refusal: str = "") -> Iterator[None]:
    """Hold a folder's lock.

    Args:
        folder: made when it is not there.
        refusal: the error when somebody else has it; waits for the lock when empty.

    Raises:
        LabError: somebody else has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (fcntl.LOCK_NB if refusal else 0))
    except BlockingIOError:
        os.close(handle)
        raise LabError(refusal) from None
    try:
        yield
    finally:
        os.close(handle)
