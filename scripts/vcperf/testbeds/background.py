"""A command of a local testbed that runs beside what is measured."""

from __future__ import annotations

import os
import select
import signal
import time

from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from vcperf.testbeds import CommandRecord

STOP_S = 5.0


class Background:
    """A command that runs meanwhile. See `vcperf.testbeds.Background`.

    Args:
        domain: which domain it belongs to.
        full: its whole command line.
        process: it, started.
        reap: waits for the ended process; returns its exit status.
    """

    def __init__(
        self,
        domain: str,
        full: list[str],
        process: subprocess.Popen[bytes],
        reap: Callable[[str, subprocess.Popen[bytes]], int],
    ) -> None:
        self.domain = domain
        self.name = next((word for word in full if "/bin/" in word), full[0])
        self.record: CommandRecord = {"domain": domain, "argv": full, "start": time.time()}
        self.process, self._reap = process, reap
        self.printed = b""

    def wait_for(self, text: str, timeout_s: float) -> str:
        """Wait until it has printed a text; returns all that it has printed."""
        return self._wait_for(text, 1, timeout_s)

    def wait_for_more(self, text: str, times: int, timeout_s: float) -> str:
        """Wait until it has printed a text so many times more than by now."""
        self._take_what_is_there()
        return self._wait_for(text, self.printed.count(text.encode()) + times, timeout_s)

    def _wait_for(self, text: str, times: int, timeout_s: float) -> str:
        deadline = time.time() + timeout_s
        while self.printed.count(text.encode()) < times:
            if "status" in self.record:
                raise VcperfError(
                    f"domain {self.domain}: {self.name} ended without {text!r}: {self.said()}"
                )
            self._read(deadline, f"did not print {text!r}")
        return self.printed.decode("utf-8", errors="replace")

    def wait(self, timeout_s: float) -> None:
        """Wait for its end."""
        deadline = time.time() + timeout_s
        while "status" not in self.record:
            self._read(deadline, "did not end")

    def said(self) -> str:
        """The last line that it printed."""
        lines = self.printed.decode("utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def stop(self) -> None:
        """End it, by SIGTERM and then by force."""
        if "status" in self.record:
            return
        os.kill(self.process.pid, signal.SIGTERM)
        try:
            self.wait(STOP_S)
        except VcperfError:
            os.kill(self.process.pid, signal.SIGKILL)
            self._end()

    def _take_what_is_there(self) -> None:
        assert self.process.stdout is not None
        while "status" not in self.record and _readable(self.process.stdout.fileno(), 0):
            self._read(time.time() + 1, "was silent")

    def _read(self, deadline: float, fault: str) -> None:
        """Take what it prints next, or its end."""
        assert self.process.stdout is not None
        if not _readable(self.process.stdout.fileno(), max(0.0, deadline - time.time())):
            raise VcperfError(f"domain {self.domain}: {self.name} {fault} in time: {self.said()}")
        chunk = os.read(self.process.stdout.fileno(), 65536)
        self.printed += chunk
        if not chunk:
            self._end()

    def _end(self) -> None:
        self.record["status"] = self._reap(self.domain, self.process)
        self.record["end"] = time.time()
        self.record["output"] = self.printed.decode("utf-8", errors="replace")


def _readable(descriptor: int, timeout_s: float) -> bool:
    """Whether there is something to read, or the end."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN | select.POLLHUP)
    return bool(poller.poll(timeout_s * 1000))
