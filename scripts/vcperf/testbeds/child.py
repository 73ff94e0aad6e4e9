"""Child processes of ours: started, and read to their end."""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import time

from vcperf.errors import VcperfError

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
        return errors.read(written).decode("utf-8", errors="replace")


def read_to_end(process: subprocess.Popen[bytes], deadline: float) -> str | None:
    """All that a child prints until it closes its output.

    Args:
        process: the child.
        deadline: seconds since 1970; past it the child is killed.

    Returns None past the deadline.
    """
    assert process.stdout is not None
    chunks: list[bytes] = []
    poller = select.poll()
    poller.register(process.stdout, select.POLLIN | select.POLLHUP)
    while True:
        left_ms = max(0.0, deadline - time.time()) * 1000
        if not poller.poll(left_ms):
            process.kill()
            return None
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            return b"".join(chunks).decode("utf-8", errors="replace")
        chunks.append(chunk)
