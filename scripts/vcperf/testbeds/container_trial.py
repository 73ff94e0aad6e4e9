"""Tries whether a container can be started on this machine, and whether it is on its CPU."""

from __future__ import annotations

import os
import sys

from vcperf.basics.text import last_line
from vcperf.errors import VcperfError
from vcperf.testbeds import isolation
from vcperf.testbeds.container_engine import RUN

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from vcperf.testbeds.container_testbed import ContainerTestbed


def fault(testbed: str, hidden: Sequence[str]) -> str:
    """Why no container can be started here, in one line; empty when one can.

    Args:
        testbed: its name, which is that of its module too.
        hidden: folders that its blocks mount empty, beside those of all.
    """
    for folder in (RUN, *hidden):
        if f"{os.getcwd()}/".startswith(f"{folder}/"):
            return f"this folder is below {folder}, which its blocks hide; move it elsewhere"
    tried = isolation.run(testbed, ["python3", "-S", "-m", f"vcperf.testbeds.{testbed}"])
    if tried.returncode == 0:
        return ""
    why = last_line(tried.stderr, f"status {tried.returncode}").removeprefix("domain try: ")
    return f"no container can be started here ({why})"


def main(testbed: type[ContainerTestbed], **options: Any) -> int:
    """Start a container and look at its CPU; the exit status.

    Args:
        testbed: its class.
        options: of the spec.
    """
    cpu = min(os.sched_getaffinity(0))
    nodes = {"node": {"dom0": "try", "domains": {"try": [[cpu]]}}}
    spec = {"testbed": testbed.name, "network": "bridge", "nodes": nodes, **options}
    try:
        with testbed(spec, {}) as opened:
            found = opened.observe()["pinning"]
            if found != opened.wanted_pinning():
                raise VcperfError(f"it was to be on CPU {cpu}, but is on {found['try']}")
    except VcperfError as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0
