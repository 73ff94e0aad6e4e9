"""perf over all CPUs of the host on which a local testbed's domains are.

perf record starts with its events switched off and takes its orders through two pipes
(perf-record(1), --control), so that it samples from just before the workload until just
after it, and nothing has to be waited for by the clock.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess

from vcperf.basics.text import killed
from vcperf.errors import VcperfError
from vcperf.profilers import bounded, table_of
from vcperf.testbeds import child, isolation, programs
from vcperf.tools import perf_commands, perf_stacks
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any

    from vcperf.testbeds.contract import SampledHere, TestbedClass

TOOLS = {"perf": "linux-perf (Debian; as root, `make setup` does)"}
READY_S = 30.0
END_S = 60.0
SCRIPT_S = 900.0


def fault(testbed: type[TestbedClass], wanted: dict[str, Any]) -> str:
    """See `vcperf.profilers.fault`: perf is missing here, or it refuses the event."""
    absent = programs.missing(TOOLS)
    if absent:
        return absent
    argv = perf_commands.record_argv(
        output="/dev/null",
        event=wanted["event"],
        frequency_hz=wanted["frequency_hz"],
        command=["true"],
    )
    tried = isolation.run(testbed.name, argv)
    if tried.returncode == 0:
        return ""
    return f"perf refuses event {wanted['event']}: {perf_commands.refusal(tried.stderr)}"


class Sampler:
    """See `vcperf.profilers.Sampler`.

    Args:
        testbed: a testbed on this host, up and pinned.
        wanted: event, frequency_hz.
    """

    def __init__(self, testbed: SampledHere, wanted: dict[str, Any]) -> None:
        self.testbed, self.wanted = testbed, wanted
        self.data = f"{testbed.scratch()}/perf.data"
        self.log = f"{testbed.scratch()}/perf.log"
        self.namespaces: dict[int, str] = {}
        self.processes: dict[int, str] = {}

    def __enter__(self) -> Sampler:
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        argv = perf_commands.record_argv(
            output=self.data,
            event=self.wanted["event"],
            frequency_hz=self.wanted["frequency_hz"],
            stacks=True,
            control=(orders, answers),
        )
        try:
            with open(self.log, "wb") as log:
                self.process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(orders, answers),
                )
        except FileNotFoundError:
            raise VcperfError("perf: not found; install it (Debian: linux-perf)") from None
        finally:
            os.close(orders)
            os.close(answers)
        self.testbed.helpers.add(self.process.pid)
        try:
            self._order("ping")  # nothing is sampled before it is ready
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.testbed.helpers.discard(self.process.pid)
        for pipe in (self._orders, self._answers):
            with contextlib.suppress(OSError):
                os.close(pipe)

    def start(self) -> None:
        self._order("enable")
        self._look()

    def stop(self) -> None:
        self._order("disable")
        self._look()

    def result(self) -> dict[str, Any]:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            raise VcperfError(f"perf record: did not end within {END_S:g} s") from None
        if self.process.returncode not in {0, -signal.SIGINT}:
            raise VcperfError(f"perf record: {self._complaint(self.process.returncode)}")
        asked = self.wanted["event"]
        try:
            events = perf_commands.parse_evlist(self._read(perf_commands.evlist_argv(self.data)))
            with self._script() as script:
                origins = perf_commands.origins(script)
            with self._script() as script:
                profile, folded = perf_stacks.read(script, lambda pid: self._domain(pid, origins))
        except Untrusted as fault:
            raise VcperfError(f"perf: the recording cannot be read: {fault}") from None
        kept, left_out = bounded(folded)
        used = perf_commands.fallback(asked, events) or asked
        return {
            "event_asked": asked,
            "event": used,
            "sample_ns": perf_commands.sample_ns(
                events[0].name, events[0].frequency_hz or self.wanted["frequency_hz"]
            ),
            "idle": sum(row["samples"] for row in profile.idle),
            "lost": profile.lost,
            **table_of(profile.rows),
            "folded": kept,
            "folded_left_out": left_out,
        }

    def _look(self) -> None:
        """Note whose process each is: asked while they live, for they may end."""
        namespaces, processes = self.testbed.owners()
        self.namespaces |= namespaces
        self.processes |= processes

    def _domain(self, pid: int, origins: perf_commands.Origins) -> str | None:
        inode = origins.namespaces.get(pid)
        if inode in self.namespaces:
            return self.namespaces[inode]
        for ancestor in origins.line(pid):
            if ancestor in self.processes:
                return self.processes[ancestor]
        return None

    def _order(self, order: str) -> None:
        """Give perf record an order, and wait until it has obeyed.

        Raises VcperfError with its error when it ended instead.
        """
        with contextlib.suppress(BrokenPipeError):
            os.write(self._orders, f"{order}\n".encode())
        poller = select.poll()
        poller.register(self._answers, select.POLLIN | select.POLLHUP)
        if not poller.poll(READY_S * 1000):
            raise VcperfError(f"perf record: no answer to {order} within {READY_S:g} s")
        if b"ack" not in os.read(self._answers, 64):
            self.process.wait()
            raise VcperfError(f"perf record: {self._complaint(self.process.returncode)}")

    def _complaint(self, status: int) -> str:
        """Why a perf ended, in one line: its own error, or the signal."""
        if status < 0:
            return killed(status)
        with open(self.log, encoding="utf-8", errors="replace") as handle:
            return perf_commands.refusal(handle.read())

    def _read(self, argv: list[str]) -> str:
        status, output, errors = child.run(argv, END_S)
        if status != 0:
            raise VcperfError(f"{' '.join(argv[:2])}: {perf_commands.refusal(errors)}")
        return output

    @contextlib.contextmanager
    def _script(self) -> Any:
        """perf script's output, as a stream; its status is checked once it is read."""
        import threading  # its start-up time is for profiles alone

        with open(self.log, "w+b") as log:
            argv = perf_commands.script_argv(self.data)
            with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log) as process:
                hung = threading.Timer(SCRIPT_S, child.kill, [process])
                hung.start()
                try:
                    yield process.stdout
                finally:
                    hung.cancel()
            if process.returncode == -signal.SIGKILL:
                raise VcperfError(f"perf script: was killed; {SCRIPT_S:g} s are its limit")
            if process.returncode != 0:
                raise VcperfError(f"perf script: {self._complaint(process.returncode)}")
