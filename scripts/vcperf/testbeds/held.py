"""Nodes held for a campaign's lifetime: connected, locked, their pins put back at its end."""

from __future__ import annotations

import atexit
import glob
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from vcperf import lock
from vcperf.errors import VcperfError
from vcperf.testbeds import pins
from vcperf.testbeds.ssh import CONTROL_FOLDER, Connections

SOCKETS = ".snakemake/ssh"


def hold(specs: Iterable[Mapping[str, Any]], ssh_config: str | None) -> None:
    """Connect and lock the nodes of blocks, so that each block finds a connection open.

    Waits, and says for whom, when another campaign measures on a node. A host that does
    not answer is named; its blocks will fail, the others not. Pins that a killed campaign
    left are put back. At the end of this process, however it ends but SIGKILL, so are
    those that were changed meanwhile.

    Args:
        specs: the specs of blocks that are to be measured.
        ssh_config: a configuration file for ssh; None for the user's own.
    """
    hosts: dict[str, bool] = {}
    for spec in specs:
        hosts = {end["ssh"]: False for end in spec["ends"].values()} | hosts
        hosts |= {node["ssh"]: True for node in spec["nodes"].values()}
    _clear_sockets()
    os.environ[CONTROL_FOLDER] = f"{SOCKETS}/{os.getpid()}"
    os.environ[lock.NODE_LOCKED] = "1"
    connections = Connections(ssh_config)
    atexit.register(_release, connections, os.getpid())
    for fault in connections.open(hosts).values():
        _say(f"{fault}; blocks that need it will fail")
    put_back_pins()


def put_back_pins() -> bool:
    """Put back the pins of every node with a journal, and say so.

    Returns whether all are as they were.
    """
    whole = True
    for path in pins.left():
        try:
            _say(pins.put_back(path))
        except VcperfError as error:
            whole = False
            _say(f"{error}; pins not put back: the next run tries again, or `make restore-pins`")
    return whole


def _release(connections: Connections, holder: int) -> None:
    if os.getpid() == holder:  # not in a process that was forked from it
        put_back_pins()
        connections.close()


def _clear_sockets() -> None:
    """Remove what campaigns that were killed have left."""
    for folder in glob.glob(f"{SOCKETS}/*"):
        if not os.path.exists(f"/proc/{os.path.basename(folder)}"):
            shutil.rmtree(folder, ignore_errors=True)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(0 if put_back_pins() else 1)
