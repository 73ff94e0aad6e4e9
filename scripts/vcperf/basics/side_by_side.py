"""Work on many values in several processes."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Value = TypeVar("Value")
FEWEST = 200
"""Values for which another process is worth its start."""


def each(work: Callable[[Value], Any], values: Sequence[Value], processes: int) -> list[Any]:
    """The results of some work on each of some values, in their order.

    Args:
        work: what to do with one value. Its results and errors can be pickled.
        values: what to do it with.
        processes: how many at once, at most. They are copies of this one, and end with the pipe
            into which they write, so at the latest some time after this one.

    Raises what `work` raises, for the first value for which it does in one of the processes.
    """
    count = max(1, min(processes, len(values) // FEWEST))
    if count == 1:
        return [work(value) for value in values]
    # Every count-th value each: neighbours cost alike.
    parts = [_started(work, values[first::count]) for first in range(count)]
    answers = [_answer(*part) for part in parts]
    found: list[Any] = [None] * len(values)
    for first, answer in enumerate(answers):
        if isinstance(answer, BaseException):
            raise answer
        found[first::count] = answer
    return found


def _started(work: Callable[[Value], Any], values: Sequence[Value]) -> tuple[int, int]:
    """A process that works on values; its id, and the pipe from which its answer comes."""
    ours, its = os.pipe()
    pid = os.fork()
    if pid:
        os.close(its)
        return pid, ours
    try:  # from here on in the new process, which must not return
        os.close(ours)
        answer: Any
        try:
            answer = [work(value) for value in values]
        except Exception as fault:  # told to the one who asked
            answer = fault
        with os.fdopen(its, "wb") as pipe:
            pickle.dump(answer, pipe, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)


def _answer(pid: int, pipe: int) -> Any:
    """The answer of a process that `_started` made: its results, or the error that it met."""
    with os.fdopen(pipe, "rb") as handle:
        try:
            return pickle.load(handle)  # noqa: S301 - our own
        except EOFError:
            return ChildProcessError(f"process {pid} was ended from outside")
        finally:
            handle.close()  # it ends then, whatever it still has to say
            os.waitpid(pid, 0)
