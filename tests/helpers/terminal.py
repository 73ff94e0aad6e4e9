"""Programs on a pseudo-terminal, and what a user then sees."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

ERASED = "\x1b[K"  # to the end of the line


def run(argv, folder, rows=24, columns=80) -> tuple[int, list[str]]:
    """Run a program on a terminal of that size.

    Returns its status, and the rows of the screen that its output has taken in the end.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        argv, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    printed = b""
    while chunk := _read(ours):
        printed += chunk
    os.close(ours)
    return process.wait(), screen(printed.decode(), columns)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the last program has closed it
        return b""


def screen(printed: str, columns: int) -> list[str]:
    """The rows that a text takes: a carriage return goes back, so a later text is over the former.

    >>> screen("1 of 2\\r\\x1b[K2 of 2\\r\\nlong line\\r\\n", 5)
    ['2 of ', '2', 'long ', 'line']
    """
    rows = []
    for line in printed.replace("\r\n", "\n").removesuffix("\n").split("\n"):
        last = line.rpartition("\r")[2].replace(ERASED, "")
        rows += [last[at : at + columns] for at in range(0, max(1, len(last)), columns)]
    return rows
