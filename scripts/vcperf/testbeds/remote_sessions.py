"""Commands under way in domains reached by ssh."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading

from vcperf.errors import VcperfError
from vcperf.testbeds import child
from vcperf.testbeds.session_shell import NOTE
from vcperf.testbeds.ssh_faults import from_the_mark, why

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable

    from vcperf.testbeds.contract import CommandRecord
    from vcperf.testbeds.ssh import Connections

STOP_S = 10.0


class Session:
    """A command under way on a host.

    Args:
        name: the command's.
        record: what the raw record will say of it.
        process: our end of it, an ssh.
        lifeline: the file descriptor whose closing ends it.
    """

    def __init__(
        self, name: str, record: CommandRecord, process: subprocess.Popen[bytes], lifeline: int
    ) -> None:
        self.name = name
        self.record = record
        self.process = process
        self.lifeline = lifeline
        self.pid = 0  # of its process there, once that is known
        self.errors = b""
        """What has been read of its stderr: the program's lines, and notes on it."""

    def note(self, *words: str) -> str:
        """The next note on it (`vcperf.testbeds.session_shell.SESSION`) that begins with one
        of these words; empty when its stderr ends before."""
        assert self.process.stderr is not None
        while line := self.process.stderr.readline():
            self.errors += line
            text = line.decode(errors="replace").removeprefix(NOTE)
            if line.startswith(NOTE.encode()) and text.startswith(words):
                return text.strip()
        return ""


class Sessions:
    """The commands of one block. MPI starts some of them from other threads.

    Args:
        ssh: open connections.
        place: domain -> its ssh destination, and the prefix of whatever runs in it.
        on_end: called with each session that has ended, its record complete, while `guard`
            is held.
    """

    def __init__(
        self,
        ssh: Connections,
        place: Callable[[str], tuple[str, list[str]]],
        on_end: Callable[[Session], None],
    ) -> None:
        self.ssh, self._place, self._on_end = ssh, place, on_end
        self.live: list[Session] = []
        self.guard = threading.RLock()
        """Held while sessions come, go or are looked at."""

    def start(self, domain: str, argv: list[str], port: int = 0) -> Session:
        """Start a command in a domain.

        Args:
            domain: where.
            argv: the command.
            port: of a server, the TCP port that it will listen on.

        Raises VcperfError when it does not start.
        """
        host, prefix = self._place(domain)
        record = {"domain": domain, "host": host, "argv": [*prefix, *argv], "start": child.now()}
        session = Session(argv[0], record, *self.ssh.session(host, argv, prefix, port))
        with self.guard:
            self.live.append(session)
        line = session.note("started ")
        if not line:
            with contextlib.suppress(child.Unfinished):
                child.read_to_end(session.process, STOP_S)
                session.process.wait()
            fault = why(session.process.returncode, session.errors)
            raise VcperfError(f"domain {domain}: {host}: {fault}")
        session.pid = int(line.split()[1])
        return session

    def end(self, session: Session, timeout_s: float | None = STOP_S) -> CommandRecord:
        """Wait for a command's end.

        Returns its record, complete. Raises VcperfError when the connection broke, when it does
        not end in time, and when it prints too much.
        """
        record = session.record
        try:
            output, errors = child.read_to_end(session.process, timeout_s)
        except child.Unfinished as late:
            raise VcperfError(f"domain {record['domain']}: {session.name} {late}") from None
        session.process.wait()
        with self.guard:
            self.live.remove(session)
            os.close(session.lifeline)
            record["end"] = child.now()
            record["output"] = child.text(output)
            session.errors += errors
            program, ended, notes = from_the_mark(session.errors).partition(f"\n{NOTE}ended\n")
            *usage, status = notes.split(f"\n{NOTE}status ")
            if not ended or not usage:
                fault = why(session.process.returncode, session.errors)
                raise VcperfError(f"domain {record['domain']}: {record['host']}: {fault}")
            record["errors"] = _without_notes(program)
            record["session"] = usage[0]
            record["status"] = int(status)
            self._on_end(session)
        return record

    def cut(self, session: Session) -> None:
        """Tell a command to end, unless it has."""
        with self.guard:
            if session in self.live:
                os.close(session.lifeline)
                session.lifeline = os.open(os.devnull, os.O_RDONLY)

    def stop(self, session: Session) -> CommandRecord:
        """End a command; returns its record."""
        self.cut(session)
        return self.end(session)

    def feed(self, domain: str, argv: list[str], content: bytes) -> None:
        """Run a command with an input, in no domain's account. Raises VcperfError as
        `Connections.feed`."""
        self.ssh.feed(self._place(domain)[0], argv, content)

    def notify(self, domain: str, argv: list[str]) -> None:
        """Run a command that takes no time beside all others, in no domain's account; a
        connection that is lost shows elsewhere."""
        with contextlib.suppress(VcperfError):
            self.ssh.batch({self._place(domain)[0]: [argv]})

    def close(self) -> None:
        """End all that still runs."""
        sessions = list(self.live)
        for session in sessions:
            os.close(session.lifeline)
        for session in sessions:
            with contextlib.suppress(subprocess.TimeoutExpired):
                session.process.wait(STOP_S)
            session.process.kill()
            session.process.wait()
        self.live.clear()


def _without_notes(text: str) -> str:
    """A program's own errors; each note stands between two line ends."""
    first, *others = text.split(f"\n{NOTE}")
    return first + "".join(other.partition("\n")[2] for other in others)
