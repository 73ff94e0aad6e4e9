"""Keepers: ssh processes that hold a host's connection and, of a node, its lock.

A keeper runs `vcperf.testbeds.session_shell.HOLD` on its host.
"""

from __future__ import annotations

import contextlib
import select
import subprocess
import sys

from vcperf.basics.text import last_line
from vcperf.running import host_lock
from vcperf.testbeds.session_shell import NOT_FOUND
from vcperf.testbeds.ssh_faults import reason

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import IO

PATIENCE_S = 90
END_S = 5.0


def lock(host: str, keeper: subprocess.Popen[bytes]) -> str:
    """Take a host's lock; wait, and say for whom, when it is taken.

    Returns what went wrong, in one line; empty when nothing did. Raises SystemExit when it is
    stopped while it waits.
    """
    assert keeper.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended, and its stderr says why
        keeper.stdin.write(b"lock\n")
    answer = line_from(keeper.stdout, PATIENCE_S)
    if answer == "busy":
        with host_lock.stoppable(f"Stopped while waiting for {host}."):
            print(f"Waiting: another campaign is measuring on {host}.", file=sys.stderr, flush=True)
            answer = line_from(keeper.stdout, None)
    if answer == "locked 0":
        return ""
    if answer == f"locked {NOT_FOUND}":
        why_not = "there is no flock; install it there (util-linux)"
    elif answer:
        why_not = last_line(_end(keeper).decode("utf-8", errors="replace"))
    else:
        why_not = why_it_ended(keeper)
    return f"{host}: cannot be locked: {why_not}"


def line_from(stream: IO[bytes] | None, patience_s: float | None, mark: str = "") -> str:
    """The next line from a host that has a mark, from the mark on: so what login scripts print
    ahead of it is passed over.

    Args:
        stream: the output of an ssh, unbuffered.
        patience_s: seconds to wait at most for each line; None for ever.
        mark: a text.

    Returns nothing past the patience, or at the end.
    """
    assert stream is not None
    while select.select([stream], [], [], patience_s)[0]:
        line = stream.readline().decode(errors="replace")
        if not line or mark in line:
            return line[line.find(mark) :].strip()
    return ""


def why_it_ended(keeper: subprocess.Popen[bytes]) -> str:
    """End a keeper that does not hold its host; returns why it does not."""
    return reason(_end(keeper))


def _end(keeper: subprocess.Popen[bytes]) -> bytes:
    """End a keeper; returns its stderr.

    It ends with its input. Killed at once, it could take with it what its host has just printed
    there: ssh brings the two outputs in no fixed order.
    """
    assert keeper.stdin is not None and keeper.stderr is not None
    keeper.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        keeper.wait(END_S)
    keeper.kill()
    return keeper.stderr.read()
