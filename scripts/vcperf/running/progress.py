"""How far a campaign is: one line that is redrawn on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TextIO

from vcperf.basics.text import last_line
from vcperf.errors import printable

EVERY_S = 30.0  # between two lines where they stay
FEWEST_TO_TELL = 3  # blocks before the time to go is estimated
CLEAR = "\r\x1b[K"  # carriage return, and ECMA-48's erase to the end of the line


class Progress:
    """Counts blocks and other jobs, and shows them.

    Args:
        stream: where to.
        clock: seconds of a clock that does not step.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self.stream, self._clock = stream, clock
        self.terminal = stream.isatty()
        self.blocks = self.jobs = 0
        """How many there are to do."""
        self.measured: set[int] = set()
        self.broken: set[int] = set()
        self._unit = "block"
        self._running: dict[int, str] = {}
        self._jobs_done = 0
        self._now = ""
        self._first: float | None = None
        self._shown = 0.0
        self._drawn = False

    def planned(self, blocks: int, jobs: int, unit: str = "block") -> None:
        """What a run has to do: blocks to measure, and other jobs.

        Args:
            blocks, jobs: how many.
            unit: what a job measures: a block, or a round of them.
        """
        self.blocks, self.jobs, self._unit = blocks, jobs, unit
        if blocks or jobs:
            plural = "" if blocks == 1 else "s"
            what = f"{blocks} {unit}{plural} to measure" if blocks else "nothing to measure"
            others = f"{jobs} other job{'' if jobs == 1 else 's'}"
            self.say(f"{what}; {others} (tables, figures)")

    def block_started(self, job: int, named: Mapping[str, str]) -> None:
        """A block is being measured.

        Args:
            job: Snakemake's number of it.
            named: the wildcards kind, cell and block, or round.
        """
        if self._first is None:
            self._first = self._shown = self._clock()
        if "round" in named:
            self._running[job] = f"round {named['round']}"
        else:
            cell = named["cell"].rpartition("_")[0] or named["cell"]  # without its digest
            self._running[job] = f"{named['kind']} {cell}, block {named['block']}"
        self._show("")

    def job_started(self, what: str) -> None:
        """A table or a figure is being made."""
        self._show(what)

    def finished(self, job: int) -> None:
        """A job has ended well."""
        if self._running.pop(job, None):
            self.measured.add(job)
            self.broken.discard(job)
        else:
            self._jobs_done += 1
        self._show(self._now)

    def failed(self, job: int, rule: str, logs: Iterable[str]) -> None:
        """A job has failed: says why, by the last line of its log. A block that is tried again
        and succeeds is none that failed."""
        if job in self._running:
            what = self._running.pop(job)
            self.broken.add(job)
        else:
            what = rule
        files = list(logs)
        self.say(f"failed: {what}: {_last_line_of(files)}")

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self._wipe()
        print(text, file=self.stream, flush=True)

    def end(self) -> None:
        """The run is over: the state that it ended in stays."""
        if self._first is not None:
            took = duration(self._clock() - self._first)
            self.say(f"{self._counts()} in {took}")
            self._first = None
        self._wipe()

    def _counts(self) -> str:
        failed = f", {len(self.broken)} failed" if self.broken else ""
        return f"{len(self.measured)} of {self.blocks} {self._unit}s measured{failed}"

    def _left(self) -> str:
        """The time to go by the pace so far, waiting and repeated blocks included."""
        done = len(self.measured) + len(self.broken)
        if self._first is None or done < FEWEST_TO_TELL or done >= self.blocks:
            return ""
        pace = (self._clock() - self._first) / done
        return f", about {duration(pace * (self.blocks - done))} to go"

    def _blocks_now(self) -> str:
        """The blocks being measured: how many, and the last one started by its name."""
        *others, last = self._running.values()
        return f"{len(others) + 1} at once: {last}" if others else last

    def _show(self, now: str) -> None:
        if self._running:
            now = self._blocks_now()
        self._now = now
        if self.terminal:
            counts = self._counts() + self._left() if self.blocks else ""
            others = f"{self._jobs_done} of {self.jobs} other jobs"
            line = "; ".join(filter(None, [counts, others, now]))
            width = max(20, shutil.get_terminal_size().columns - 1)
            self.stream.write(f"{CLEAR}{line[:width]}")
            self.stream.flush()
            self._drawn = True
        elif self._first is not None and self._clock() - self._shown >= EVERY_S:
            self._shown = self._clock()
            if len(self.measured) < self.blocks:
                self.say(f"{self._counts()}{self._left()}")

    def _wipe(self) -> None:
        if self._drawn:
            self.stream.write(CLEAR)
            self.stream.flush()
            self._drawn = False


def duration(seconds: float) -> str:
    """A time to go, in words.

    >>> duration(20), duration(95), duration(7300)
    ('20 s', '1 min 35 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _last_line_of(files: Iterable[str]) -> str:
    for file in files:
        try:
            with open(file, encoding="utf-8", errors="replace") as handle:
                line = last_line(handle.read(), "")
        except OSError:
            continue
        if line:
            return printable(line)[:300]
    return "no error message; Snakemake's log is below .snakemake/log"
