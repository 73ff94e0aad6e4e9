"""A command that runs beside what is measured."""

from __future__ import annotations

import contextlib
import os
import select

from vcperf.basics.text import reason
from vcperf.errors import VcperfError
from vcperf.testbeds import child

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from vcperf.testbeds.contract import CommandRecord

STOP_S = 10.0


class Background:
    """A command that runs meanwhile; its record is complete when it has ended.

    Args:
        record: what the raw record will say of it: domain, argv and start so far.
        process: it, or our end of it, started.
        reap: waits for the process, seconds at most; returns the command's exit status. Raises
            child.Unfinished or VcperfError.
        ask_to_end: asks the command to end.
        kill: ends it by force.
    """

    def __init__(
        self,
        record: CommandRecord,
        process: subprocess.Popen[bytes],
        reap: Callable[[float], int],
        ask_to_end: Callable[[], None],
        kill: Callable[[], None],
    ) -> None:
        self.domain, self.record = record["domain"], record
        self.name = next((word for word in record["argv"] if "/bin/" in word), record["argv"][0])
        self.process, self._reap = process, reap
        self._ask_to_end, self._kill = ask_to_end, kill
        self.printed = b""

    def wait_for(self, text: str, timeout_s: float) -> str:
        """Wait until it has printed a text.

        Returns all that it has printed. Raises VcperfError past the timeout, or when it ended
        without."""
        return self._wait_for(text, 1, timeout_s)

    def wait_for_more(self, text: str, times: int, timeout_s: float) -> str:
        """The same, until it has printed the text so many times more than by now."""
        self._take_what_is_there()
        return self._wait_for(text, self.printed.count(text.encode()) + times, timeout_s)

    def so_far(self) -> str:
        """All that it has printed by now."""
        self._take_what_is_there()
        return self.printed.decode("utf-8", errors="replace")

    def _wait_for(self, text: str, times: int, timeout_s: float) -> str:
        deadline = child.now() + timeout_s
        while self.printed.count(text.encode()) < times:
            if "status" in self.record:
                raise VcperfError(
                    f"domain {self.domain}: {self.name} ended without {text!r}: {self.last_line()}"
                )
            self._read(deadline, f"did not print {text!r}")
        return self.printed.decode("utf-8", errors="replace")

    def wait(self, timeout_s: float, beside: Background | None = None) -> None:
        """Wait for its end; take meanwhile what one beside it prints, which a full pipe
        would hold up. Raises VcperfError past the timeout."""
        deadline = child.now() + timeout_s
        while "status" not in self.record:
            if beside is not None:
                self._attend(beside, deadline)
            self._read(deadline, "did not end")

    def last_line(self) -> str:
        """The last line with a word among its errors, else of its output."""
        output = self.printed.decode("utf-8", errors="replace")
        return reason({**self.record, "output": output})

    def stop(self) -> None:
        """End it, as it is asked to and then by force."""
        if "status" in self.record:
            return
        self._ask_to_end()
        try:
            self.wait(STOP_S)
        except VcperfError:
            self._kill()
            with contextlib.suppress(VcperfError):  # why it was to be killed is the fault
                self._end(STOP_S)

    def _take_what_is_there(self) -> None:
        assert self.process.stdout is not None
        while "status" not in self.record and _readable(0, self.process.stdout.fileno()):
            self._read(child.now() + 1, "was silent")

    def _attend(self, beside: Background, deadline: float) -> None:
        """Take what the other prints until this one prints or ends."""
        assert self.process.stdout is not None and beside.process.stdout is not None
        own, other = self.process.stdout.fileno(), beside.process.stdout.fileno()
        while "status" not in beside.record:
            ready = _readable(deadline - child.now(), own, other)
            if other not in ready or own in ready:
                return
            beside._read(deadline, "was silent")

    def _read(self, deadline: float, fault: str) -> None:
        """Take what it prints next, or its end."""
        assert self.process.stdout is not None
        if not _readable(deadline - child.now(), self.process.stdout.fileno()):
            raise VcperfError(
                f"domain {self.domain}: {self.name} {fault} in time: {self.last_line()}"
            )
        chunk = os.read(self.process.stdout.fileno(), 65536)
        self.printed += chunk
        if len(self.printed) > child.MOST_BYTES:
            raise VcperfError(f"domain {self.domain}: {self.name} {child.TOO_MUCH}")
        if not chunk:
            self._end(deadline - child.now())

    def _end(self, timeout_s: float) -> None:
        try:
            self.record["status"] = self._reap(timeout_s)
        except child.Unfinished as fault:
            raise VcperfError(f"domain {self.domain}: {self.name} {fault}") from None
        self.record["end"] = child.now()
        self.record["output"] = self.printed.decode("utf-8", errors="replace")


def _readable(timeout_s: float, *descriptors: int) -> set[int]:
    """Where there is something to read, or the end, once there is."""
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN | select.POLLHUP)
    return {descriptor for descriptor, _ in poller.poll(max(0.0, timeout_s) * 1000)}
