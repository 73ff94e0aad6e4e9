"""Child processes of ours: started, read to their end, and killed.

Whatever a program does, reading it is bounded: in time, and in what it may print.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import stat
import subprocess
import time

from vcperf.errors import VcperfError
from vcperf.testbeds import processes

MOST_BYTES = 8 * 2**20  # of what a command prints: reports have some kilobytes
TOO_MUCH = f"printed more than {MOST_BYTES // 2**20} MB"
_STEP_S = 0.001  # between two looks whether a child has ended that has closed its output
_EPOCH_S = time.time() - time.monotonic()


class Unfinished(VcperfError):
    """A child that did not end in time, or printed too much; it may still run.

    Args:
        fault: what it did, to be put behind its name.
        printed: what it printed until then, its errors behind its output.
    """

    def __init__(self, fault: str, printed: bytes = b"") -> None:
        super().__init__(fault)
        self.printed = printed


def now() -> float:
    """Seconds since 1970; when somebody sets the clock while we run, this one goes on."""
    return _EPOCH_S + time.monotonic()


def text(printed: bytes) -> str:
    """What a program printed, as text."""
    return printed.decode("utf-8", errors="replace")


ERRORS_BYTES = 1 << 20
"""How much of a command's stderr is kept; what it writes beyond is refused."""


def start(
    argv: list[str], stdin: int = subprocess.DEVNULL, stderr: int = subprocess.STDOUT
) -> subprocess.Popen[bytes]:
    """Start a command with a pipe from its stdout.

    Args:
        argv: the command.
        stdin: its input, as subprocess takes it.
        stderr: its errors, likewise; they go into the pipe by default.

    Raises VcperfError when there is no such program.
    """
    try:
        return subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr)
    except FileNotFoundError:
        raise VcperfError(f"{argv[0]}: not found; `make setup` installs what is missing") from None


def start_with_errors_apart(argv: list[str]) -> subprocess.Popen[bytes]:
    """The same without input, and with its errors in a file in memory, for `take_errors`.

    A file and no second pipe: nobody has to read it meanwhile.
    """
    errors = os.memfd_create("stderr", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(errors, ERRORS_BYTES)
    fcntl.fcntl(errors, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    try:
        process = start(argv, stderr=errors)
    except BaseException:
        os.close(errors)
        raise
    process.stderr = os.fdopen(errors, "rb", buffering=0)
    return process


def take_errors(process: subprocess.Popen[bytes]) -> str:
    """What a command wrote to its stderr; once, when it has ended."""
    assert process.stderr is not None
    with process.stderr as errors:
        # The command wrote through the same open file, so its offset is where it stopped.
        written = errors.tell()
        errors.seek(0)
        return text(errors.read(written))


def run(argv: list[str], timeout_s: float) -> tuple[int, str, str]:
    """Run a short command of our own to its end, without input.

    Args:
        argv: the command.
        timeout_s: past it, the command and all that it has started is killed.

    Returns its exit status, output and errors. Raises VcperfError when there is no such program,
    and when it does not end.
    """
    process = start(argv, stderr=subprocess.PIPE)
    with process:
        try:
            output, errors = read_to_end(process, timeout_s)
        except Unfinished as fault:
            kill(process)
            raise VcperfError(f"{argv[0]} {fault}") from None
    return process.returncode, text(output), text(errors)


def read_to_end(process: subprocess.Popen[bytes], timeout_s: float | None) -> tuple[bytes, bytes]:
    """All that a child prints until it has closed its outputs and ended; it is left to be
    waited for.

    Args:
        process: the child.
        timeout_s: seconds; None for no limit.

    Returns its output and its errors, the latter empty where they have no pipe. Raises
    Unfinished.
    """
    deadline = None if timeout_s is None else now() + timeout_s
    chunks: dict[int, list[bytes]] = {pipe: [] for pipe in _pipes(process)}
    size = 0
    poller = select.poll()
    for descriptor in chunks:
        poller.register(descriptor, select.POLLIN | select.POLLHUP)
    open_pipes = set(chunks)

    def printed() -> bytes:
        return b"".join(chunk for found in chunks.values() for chunk in found)

    while open_pipes:
        ready = poller.poll(None if deadline is None else max(0.0, deadline - now()) * 1000)
        if not ready:
            raise Unfinished(f"did not end within {timeout_s:g} s", printed())
        for descriptor, _ in ready:
            chunk = os.read(descriptor, 65536)
            chunks[descriptor].append(chunk)
            size += len(chunk)
            if not chunk:
                poller.unregister(descriptor)
                open_pipes.discard(descriptor)
        if size > MOST_BYTES:
            raise Unfinished(TOO_MUCH, printed())
    await_end(process, None if deadline is None else deadline - now())
    output, *errors = (b"".join(found) for found in chunks.values())
    return output, b"".join(errors)


def await_end(process: subprocess.Popen[bytes], timeout_s: float | None) -> None:
    """Wait until a child that has closed its output has ended; it is left to be waited for.

    Args:
        process: the child.
        timeout_s: seconds; None for no limit.

    Raises Unfinished past the timeout.
    """
    deadline = None if timeout_s is None else now() + timeout_s
    while not has_ended(process):
        if deadline is not None and now() > deadline:
            raise Unfinished("closed its output, but did not end in time")
        time.sleep(_STEP_S)


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a child has ended; it is left to be waited for."""
    if process.returncode is not None:
        return True
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # somebody has waited for it
        return True


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a child, all that it has started, and whatever else holds its output open; it is left
    to be waited for. (Popen.kill() would wait for one that has just ended, and its CPU time would
    be lost.)"""
    pids = processes.families({"": {process.pid}})[""]
    for pipe in _pipes(process):
        pids |= processes.with_open(f"pipe:[{os.fstat(pipe).st_ino}]")
    for pid in pids - {os.getpid()}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _pipes(process: subprocess.Popen[bytes]) -> list[int]:
    """Our ends of a child's outputs, as far as they are pipes and still open."""
    files = [f for f in (process.stdout, process.stderr) if f is not None and not f.closed]
    return [f.fileno() for f in files if stat.S_ISFIFO(os.fstat(f.fileno()).st_mode)]
