"""Child processes of ours: started, and read to their end."""

from __future__ import annotations

import os
import select
import subprocess
import time

from vcperf.errors import VcperfError


def start(argv: list[str], stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Start a command with both its outputs in one pipe.

    Args:
        argv: the command.
        stdin: its input, as subprocess takes it.

    Raises VcperfError when there is no such program.
    """
    try:
        return subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError:
        raise VcperfError(f"{argv[0]}: not found; `make setup` installs what is missing") from None


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
