"""Nodes held for a campaign's lifetime: connected, locked, their pins put back at its end."""

from __future__ import annotations

import atexit
import contextlib
import glob
import os
import shutil
import signal
import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from vcperf.errors import VcperfError
from vcperf.testbeds import pins
from vcperf.testbeds.ssh import CONTROL_FOLDER, Connections

SOCKETS = ".snakemake/ssh"
# What `hold` has opened, with the nodes: for each testbed of a campaign, maybe on the same hosts.
_opened: list[tuple[Connections, Collection[str]]] = []


def hold(specs: Iterable[Mapping[str, Any]], ssh_config: str | None) -> list[str]:
    """Connect and lock the nodes of blocks, so that each block finds a connection open.

    Waits, and says for whom, when another campaign measures on a node. A host that does
    not answer is named; its blocks will fail, the others not. Pins that a killed campaign
    left on these nodes are put back. At the end of this process, however it ends but
    SIGKILL, so are those that were changed meanwhile.

    Args:
        specs: the specs of blocks that are to be measured.
        ssh_config: a configuration file for ssh; None for the user's own.

    Returns the hosts that do not answer.
    """
    hosts: dict[str, bool] = {}
    for spec in specs:
        hosts = {end["ssh"]: False for end in spec["ends"].values()} | hosts
        hosts |= {node["ssh"]: True for node in spec["nodes"].values()}
    nodes = [host for host, is_node in hosts.items() if is_node]
    folder = f"{SOCKETS}/{os.getpid()}"
    if os.environ.get(CONTROL_FOLDER) != folder:  # the first testbed
        _clear_sockets()
        os.environ[CONTROL_FOLDER] = folder
        atexit.register(_release, os.getpid())
        _end_in_order_on_hangup()
    connections = Connections(ssh_config)
    _opened.append((connections, nodes))
    found_left = bool(pins.left(nodes))
    if found_left:  # before others are reached: a guest may not run any more
        connections.open(dict.fromkeys(nodes, True))
        put_back_pins(nodes)
    faults = connections.open(hosts)
    for fault in faults.values():
        _say(f"{fault}; blocks that need it will fail")
    if not found_left:  # one that we waited for may have been killed meanwhile
        put_back_pins(nodes)
    others = sorted(set(pins.left()) - set(pins.left(nodes)))
    if others:
        _say(
            f"{', '.join(others)}: pins of nodes that this campaign does not use; unless another"
            " uses them now, put them back with `make restore-pins`"
        )
    return list(faults)


def put_back_pins(hosts: Collection[str] | None = None) -> bool:
    """Put back the pins of nodes with a journal, and say so.

    Args:
        hosts: ssh destinations of the nodes; None for all.

    Returns whether all are as they were.
    """
    whole = True
    for path in pins.left(hosts):
        try:
            _say(pins.put_back(path))
        except VcperfError as error:
            whole = False
            _say(f"{error}; pins not put back: the next run tries again, or `make restore-pins`")
    return whole


def _release(holder: int) -> None:
    if os.getpid() == holder:  # not in a process that was forked from it
        put_back_pins({node for _, nodes in _opened for node in nodes})
        for connections, _ in _opened:
            connections.close()
        shutil.rmtree(f"{SOCKETS}/{holder}", ignore_errors=True)  # the locks of its blocks


def _end_in_order_on_hangup() -> None:
    """Let a terminal that is closed end this process as SIGTERM does, which Snakemake knows:
    by itself, SIGHUP would end it at once. Under nohup it still goes on."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        on_term = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGHUP, on_term if callable(on_term) else _exit)


def _exit(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _clear_sockets() -> None:
    """Remove what campaigns that were killed have left, be it one of our own number."""
    for folder in glob.glob(f"{SOCKETS}/*"):
        pid = os.path.basename(folder)
        if pid == str(os.getpid()) or not os.path.exists(f"/proc/{pid}"):
            shutil.rmtree(folder, ignore_errors=True)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be closed
        print(line, file=sys.stderr, flush=True)
