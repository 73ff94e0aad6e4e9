"""EP on one virtual cluster, as the load beside what another does."""

from __future__ import annotations

import time

from vcperf.errors import VcperfError
from vcperf.tools import ep, ep_load
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any

    from vcperf.testbeds.background import Background

STEP_S = 3600.0  # for a step; a run of a site's own EP takes its time
# Its speed alone, after a step that warms up.
ALONE_STEPS = 2
ALONE_S = 1.0
# Starts "$@" again each time that it has ended well, until SIGTERM; it ends with this shell,
# however that does.
AGAIN = """
trap 'kill -TERM $run; wait $run; exit 143' TERM
tied=$(command -v setpriv >/dev/null && echo setpriv --pdeathsig KILL)
while :; do $tied "$@" & run=$!; wait $run || exit; done
"""


def command(load: dict[str, Any], program: str) -> list[str]:
    """What each rank of the load runs.

    Args:
        load: of a spec: class, and file when it is a site's own EP.
        program: its path in the domains.
    """
    return [program] if "file" in load else ep.argv(program, load["class"], repeat=True)


def repeated(load: dict[str, Any], launch: list[str]) -> list[str]:
    """The command line of the load: a site's own EP ends, and is launched again."""
    return ["sh", "-c", AGAIN, "vcperf", *launch] if "file" in load else launch


class Load:
    """EP under way: how many steps it has printed, and when.

    Args:
        running: its launcher.
        load: of a spec: class, ranks, and file when it is a site's own.

    `steps` is how many steps had been printed when it had run `alone`, when the other program
    `began` to send, when that had `ended`, and when the load was `checked`. A step under way at
    one of these moments belongs to neither side. Clocks are not asked: the load's may be another
    than ours.
    """

    def __init__(self, running: Background, load: dict[str, Any]) -> None:
        self.running, self.load = running, load
        self.form = "runs" if "file" in load else "repeat"
        self.steps: dict[str, int] = {}

    def run_alone(self) -> None:
        """Wait until it has warmed up and has then run alone for a while."""
        self._wait_for_steps(1)
        warm = time.monotonic()
        steps = self._wait_for_steps(1 + ALONE_STEPS)
        while time.monotonic() - warm < ALONE_S:
            steps = self._wait_for_steps(steps + 1)
        self.steps["alone"] = steps

    def mark(self, moment: str) -> None:
        """Note how many steps it has printed by now."""
        self.steps[moment] = ep_load.printed_steps(self.running.so_far(), self.form)

    def outlive(self) -> None:
        """Wait for the end of a step that began after the moment `ended`, and check all
        steps. Raises VcperfError when it ends before, or a step is wrong."""
        self.steps["checked"] = self._wait_for_steps(self.steps["ended"] + 2)
        self._check(self.running.so_far(), self.steps["checked"])

    def _wait_for_steps(self, least: int) -> int:
        """Returns how many have been printed by then."""
        steps = ep_load.printed_steps(self.running.so_far(), self.form)
        while steps < least:
            text = self.running.wait_for_more(ep_load.mark(self.form), 1, STEP_S)
            steps = ep_load.printed_steps(text, self.form)
        return steps

    def _check(self, text: str, steps: int) -> None:
        size, ranks = self.load["class"], self.load["ranks"]
        name = f"EP {size} on {'-'.join(ranks)}"
        try:
            rows = ep_load.parse(text, self.form, steps)
        except Untrusted as fault:
            raise VcperfError(f"{name}: {fault}") from None
        for number, row in enumerate(rows, start=1):
            if (row["class"], row["processes"]) != (size, len(ranks)):
                raise VcperfError(
                    f"{name}: it ran class {row['class']} on {row['processes']} processes, not"
                    f" class {size} on {len(ranks)}; was the program built for MPI and the class?"
                )
            if row["verified"] not in ("yes", None):
                raise VcperfError(f"{name}: step {number} failed its verification")
