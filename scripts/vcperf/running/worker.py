"""A process that has loaded what Snakemake's scripts import, and runs each in a copy of itself.

A script needs a second to load pandas, SciPy and matplotlib, and a campaign has some 20 of them. So
a run of Snakemake starts this process (`start`), which does nothing until the first script asks for
it (`take_over`). It then loads what this script imports, and forks. Scripts are as before to
Snakemake, and run by themselves where there is no such process: on another host, in another
environment, or by hand.

It ends with the process that started it, however that ends, and a copy with the script that asked
for it: each holds one end of a pipe or a socket, which closes then.

    python -m vcperf.running.worker FD      serves FD, a listening socket, until stdin closes
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import runpy
import secrets
import select
import signal
import socket
import struct
import subprocess
import sys
import traceback
from typing import Any

from vcperf.basics.checkout import SCRIPTS

ADDRESS = "VCPERF_WORKER"
"""In the environment: the socket, which has no file, and the Python that serves it."""
_PEER = "3i"  # struct ucred: process, user, group; unix(7)
_started: list[subprocess.Popen[bytes]] = []


def start() -> None:
    """Start the process; it ends with this one."""
    name = f"vcperf-{os.getpid()}-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        descriptor = listener.fileno()
        # A session of its own: signals from the keyboard are for Snakemake and its scripts.
        _started.append(
            subprocess.Popen(
                [sys.executable, "-m", "vcperf.running.worker", str(descriptor)],
                stdin=subprocess.PIPE,
                pass_fds=[descriptor],
                start_new_session=True,
            )
        )
    os.environ[ADDRESS] = f"{name}:{sys.executable}"


def take_over(script: dict[str, Any]) -> None:
    """Let the process run a script in place of this one, which ends with its exit status.

    Args:
        script: its globals. Without Snakemake's object, and where there is no such process, nothing
            happens: the script goes on here.
    """
    job = script.get("snakemake")
    name, _, python = os.environ.get(ADDRESS, "").partition(":")
    if job is None or not name or python != sys.executable:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(f"\0{name}")
        except OSError:
            return
        if _user_of(connection) != os.geteuid():
            return
        asked = pickle.dumps((script["__file__"], job))
        socket.send_fds(connection, [struct.pack("=Q", len(asked))], [1, 2])
        connection.sendall(asked)
        answer = connection.recv(1)
    sys.exit(answer[0] if answer else "the process that ran this script was ended from outside")


class Worker:
    """The process.

    Args:
        listener: the socket at which scripts ask.
        lifeline: a file descriptor that becomes readable when it is to end.
    """

    def __init__(self, listener: socket.socket, lifeline: int) -> None:
        self._listener, self._lifeline = listener, lifeline
        self._copies: list[tuple[int, int, socket.socket]] = []
        """Each one's process, a pipe that closes with it, and the connection to its script."""

    def serve(self) -> None:
        """Run scripts until the lifeline closes; then no copy is left."""
        try:
            while True:
                watched = [f for _, pipe, script in self._copies for f in (pipe, script.fileno())]
                asked = self._listener.fileno()
                ready, _, _ = select.select([self._lifeline, asked, *watched], [], [])
                if self._lifeline in ready:
                    return
                for copy in list(self._copies):
                    if copy[1] in ready or copy[2].fileno() in ready:
                        self._end(*copy)
                if asked in ready:
                    self._accept()
        finally:
            for copy in list(self._copies):
                self._end(*copy)

    def _end(self, pid: int, pipe: int, script: socket.socket) -> None:
        """End a copy: it has ended, or its script has."""
        self._copies.remove((pid, pipe, script))
        os.kill(pid, signal.SIGKILL)  # of one that has ended nothing comes
        os.waitpid(pid, 0)
        os.close(pipe)
        script.close()

    def _accept(self) -> None:
        """Start a copy for a script that asks."""
        connection, _ = self._listener.accept()
        try:
            if _user_of(connection) != os.geteuid():
                raise PermissionError
            head, outputs, _, _ = socket.recv_fds(connection, 8, 2)
            asked = _received(connection, struct.unpack("=Q", head)[0])
            path, job = pickle.loads(asked)  # noqa: S301 - of our own user, as all scripts are
        except (OSError, EOFError, struct.error, pickle.UnpicklingError):
            connection.close()
            return
        _load(path, job)
        pipe, its = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._listener.close()  # else scripts would wait for one that has ended
            _run(path, job, outputs, connection)
        for descriptor in (*outputs, its):
            os.close(descriptor)
        self._copies.append((pid, pipe, connection))


def _load(path: str, job: Any) -> None:
    """Import what a script imports. The copy that needs a module reports it if it is missing."""
    with contextlib.suppress(Exception):
        runpy.run_path(path)
    for module in getattr(job.input, "modules", ()):
        name = os.path.relpath(module, SCRIPTS).removesuffix(".py").replace("/", ".")
        with contextlib.suppress(Exception):
            importlib.import_module(name.removesuffix(".__init__"))


def _run(path: str, job: Any, outputs: list[int], connection: socket.socket) -> None:
    """Run a script in this process, tell its exit status, and end."""
    status = 1
    try:
        for descriptor, file in enumerate([os.open(os.devnull, os.O_RDONLY), *outputs]):
            os.dup2(file, descriptor)
        try:
            runpy.run_path(path, {"snakemake": job}, "__main__")
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(bytes([status & 0xFF]))
    finally:
        os._exit(0)


def _user_of(connection: socket.socket) -> int:
    """The user at the other end."""
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_PEER))
    user: int = struct.unpack(_PEER, peer)[1]
    return user


def _received(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


if __name__ == "__main__":
    os.environ.pop(ADDRESS, None)  # a copy does not ask again
    Worker(socket.socket(fileno=int(sys.argv[1])), sys.stdin.fileno()).serve()
