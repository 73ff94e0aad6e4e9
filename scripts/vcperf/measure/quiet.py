"""Waiting until others leave the CPUs alone, before something is measured."""

from __future__ import annotations

import sys
import time

from vcperf.records.observation import disturbance

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from vcperf.testbeds.contract import Testbed

SAMPLE_S = 0.25  # 10 % of a CPU are two to three clock ticks in it


def wait(testbed: Testbed, limit_percent: float, wait_s: float, known: bool = False) -> float:
    """Wait until the others on a testbed's hosts are quiet, or for as long as allowed.

    Args:
        testbed: up, with nothing of ours running in it.
        limit_percent: the share of one CPU that others and theft may take, as
            `vcperf.records.observation.disturbance` accounts for them.
        wait_s: seconds to wait at most; the last sample may end a little later.
        known: whether others are known to disturb. Else a glance comes first, and
            there is no wait where that sees nobody.

    Returns the seconds waited; 0.0 for none. Says so on stderr when it was in vain.
    """
    if wait_s <= 0 or not (known or testbed.others_run()):
        return 0.0
    started = time.monotonic()
    before = testbed.observe()
    while True:
        left_s = started + wait_s - time.monotonic()
        time.sleep(max(0.01, min(SAMPLE_S, left_s)))
        after = testbed.observe()
        taken = sum(disturbance(before, after))
        waited_s = time.monotonic() - started
        if taken <= limit_percent:
            return waited_s
        if waited_s >= wait_s:
            print(
                f"waited {waited_s:.1f} s for quiet; others still took {taken:.0f} % of a CPU",
                file=sys.stderr,
                flush=True,
            )
            return waited_s
        before = after
