"""How long a run took, held against how long its report says that it measured."""

from __future__ import annotations

from vcperf.errors import VcperfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Nothing measures longer than it runs. The hosts' clocks differ, those of emulated hosts most.
LEAST_SHARE = {False: 0.97, True: 0.8}
# It runs longer: it starts, it connects, it waits for a CPU; by ssh on a slow host.
SHARE = 1.2
REST_S = {False: 8.0, True: 20.0}


def check(name: str, run: dict[str, Any], claimed_s: float, by_ssh: bool) -> None:
    """Hold the duration of a run against what its report claims.

    Args:
        name: of what was measured, for the error.
        run: the command's record.
        claimed_s: how long the report says that it measured.
        by_ssh: whether it ran on a host reached by ssh.

    Raises VcperfError when it ran shorter, or much longer.
    """
    check_least(name, run, claimed_s, by_ssh)
    took_s = run["end"] - run["start"]
    if took_s > SHARE * claimed_s + REST_S[by_ssh]:
        raise VcperfError(
            f"{name}: reports {claimed_s:.4g} s, but ran {took_s:.1f} s; is the host overloaded?"
        )


def check_least(name: str, run: dict[str, Any], claimed_s: float, by_ssh: bool) -> None:
    """The same for a report that does not tell all that it did: only that it did not run
    shorter."""
    took_s = run["end"] - run["start"]
    if took_s < LEAST_SHARE[by_ssh] * claimed_s:
        raise VcperfError(f"{name}: reports {claimed_s:.4g} s, but ran only {took_s:.2f} s")
