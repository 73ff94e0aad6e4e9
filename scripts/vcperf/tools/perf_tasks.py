"""What ran as process 0, by its call stack.

Process 0 is the idle task or, when perf ran in a PID namespace, anything that is outside of it.
Frames are those of the kernel, in any version: the idle task's loop, and work in interrupts.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vcperf.tools.perf_frames import Call

IDLE, ENDED = b"0", b"-1"  # process ids; -1 also where the process had ended
ELSEWHERE = b"[elsewhere]"
_IDLE_LOOP = re.compile(rb"do_idle$|cpu_startup_entry$|cpu_idle|default_idle|arch_call_rest_init$")
_HALTED = re.compile(
    rb"(?:\w+_)?(?:safe_)?halt$|(?:\w+_)?mwait\w*$|\w*(?:default|intel|acpi|poll)_idle"
)
_INTERRUPT = re.compile(rb"_*do_softirq|handle_softirqs$|_*irq_exit|handle_irq_event|__do_IRQ$")
# What a thread of the kernel runs in -> its name; all names are lost in other PID namespaces.
_THREADS = {b"run_ksoftirqd": b"ksoftirqd", b"worker_thread": b"kworker"}


def task(calls: tuple[Call, ...]) -> bytes | None:
    """The app of a sample of process 0; None for an idle CPU.

    Interrupts that came while a CPU idled are `swapper`, threads of the kernel `ksoftirqd` or
    `kworker`, and other programs ELSEWHERE. Without a call stack all of it counts as idle.
    """
    names = [symbol for symbol, _ in calls]
    if names and _HALTED.match(names[0]):  # also where its stack is cut short
        return None
    if any(map(_IDLE_LOOP.match, names)):
        return b"swapper" if any(map(_INTERRUPT.match, names)) else None
    for frame, thread in _THREADS.items():
        if frame in names:
            return thread
    return ELSEWHERE if len(names) > 1 and names[0] != b"[unknown]" else None
