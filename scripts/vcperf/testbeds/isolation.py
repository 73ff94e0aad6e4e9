"""Commands on this machine, isolated as the blocks of a testbed are."""

from __future__ import annotations

import subprocess

from vcperf.basics.checkout import SCRIPTS
from vcperf.testbeds import child

PATIENCE_S = 120.0


def run(testbed: str, argv: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, without input, as scripts/isolate runs blocks.

    Args:
        testbed: the testbed's name.
        argv: the command.

    Raises VcperfError when it does not end, or prints too much.
    """
    full = [f"{SCRIPTS}/isolate", testbed, *argv]
    return subprocess.CompletedProcess(full, *child.run(full, PATIENCE_S))
