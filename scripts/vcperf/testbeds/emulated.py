"""Nodes that are emulators on this machine: what others take of it is noise for them."""

from __future__ import annotations

import os

from vcperf.errors import VcperfError
from vcperf.testbeds import processes

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

THIS_MACHINE = "this machine"  # its name in observations
PID_FILES = "emulator_pid_files"  # in a block's context: node -> file


def pids(nodes: Iterable[str], context: Mapping[str, Any]) -> list[int]:
    """The processes of this machine that are nodes; none when the nodes are machines.

    Args:
        nodes: names.
        context: see `vcperf.measure.block.main`.

    Raises VcperfError when one does not run.
    """
    files: dict[str, str] = context.get(PID_FILES, {})
    found = []
    for name in nodes:
        if name in files:
            try:
                with open(files[name], encoding="ascii") as handle:
                    pid = int(handle.read())
                os.kill(pid, 0)
            except (OSError, ValueError):
                raise VcperfError(f"{name}: its emulator does not run ({files[name]})") from None
            found.append(pid)
    return found


def observe(nodes: Iterable[str], context: Mapping[str, Any]) -> dict[str, Any]:
    """What others take of this machine, as the hosts of an observation, when it runs the
    nodes; else nothing. Arguments and errors are those of `pids`."""
    emulators = pids(nodes, context)
    if not emulators:
        return {}
    own = sum(map(processes.all_threads_cpu_seconds, emulators)) + sum(os.times()[:4])
    return {THIS_MACHINE: processes.host_cpu(own)}
