"""Commands on this machine, isolated as the blocks of a testbed are."""

from __future__ import annotations

import subprocess

from vcperf.basics.checkout import SCRIPTS


def run(testbed: str, argv: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, without input, as scripts/isolate runs blocks.

    Args:
        testbed: the testbed's name.
        argv: the command.
    """
    return subprocess.run(
        [f"{SCRIPTS}/isolate", testbed, *argv],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
