"""Pins that a campaign changed, so that they can be put back.

Before a node's pins are changed for the first time, what they were is written to a
journal; it goes when they are as they were. So a killed campaign's pins are known to
the next run. Which commands list and pin is a toolstack's matter: one module each, see
`Toolstack`. Needs only the standard library.
"""

from __future__ import annotations

import contextlib
import glob
import importlib
import json
import os
import sys

from vcperf.basics.files import write_whole
from vcperf.errors import VcperfError
from vcperf.testbeds.ssh import Connections

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence
    from typing import Any, Protocol

    Row = dict[str, Any]
    """One pin, as the toolstack's module lists it and as the journal has it."""

    Ask = Callable[[Sequence[Sequence[str]]], list[tuple[int, str]]]
    """Commands on the node -> status and output of each."""

    class Toolstack(Protocol):
        """What a module of TOOLSTACKS offers."""

        @staticmethod
        def listed(ask: Ask, host: str, journal: dict[str, Any]) -> Sequence[Row]:
            """The pins as they are now, at least those of the journal that still exist.

            Raises VcperfError that begins with the host.
            """

        @staticmethod
        def key(row: Row) -> Hashable:
            """What a pin is of; another one when the same name was given again."""

        @staticmethod
        def pin(row: Row) -> object:
            """The CPUs of a pin, to be compared."""

        @staticmethod
        def put_argv(journal: dict[str, Any], row: Row) -> list[str] | None:
            """The command that pins as the row says; None where there is none."""

        @staticmethod
        def put_alone(connections: Connections, journal: dict[str, Any], row: Row) -> None:
            """Put back, after all else, what `put_argv` has no command for. Raises VcperfError
            that begins with the host."""

        @staticmethod
        def missed(row: Row) -> str:
            """That a pin is not as the row says, for the user."""


# Not below a campaign's own folder: the next campaign on these hosts must find it.
FOLDER = "results/pins"
FORMAT = 2
# Another after each boot: domains' numbers start again then.
BOOT_ARGV = ["cat", "/proc/sys/kernel/random/boot_id"]
# A journal's toolstack -> the module of this room that knows it.
TOOLSTACKS = {"xl": "xen_pins", "xm": "xen_pins", "virsh": "libvirt_pins"}


def remember(
    host: str,
    toolstack: str,
    ssh_config: str | None,
    boot: str,
    rows: Iterable[Row],
) -> None:
    """Note pins that are about to be changed, except those noted already.

    Args:
        host: ssh destination of the node.
        toolstack: one of TOOLSTACKS.
        ssh_config: configuration file for ssh, if not the user's own.
        boot: what BOOT_ARGV prints there.
        rows: the pins as they are.
    """
    path = _path(host)
    journal = _read(path)
    if journal is None or journal["boot"] != boot:
        journal = {
            "format": FORMAT,
            "ssh": host,
            "ssh_config": ssh_config,
            "toolstack": toolstack,
            "boot": boot,
            "vcpus": [],
        }
    by = _module(toolstack)
    known = {by.key(row) for row in journal["vcpus"]}
    added = [row for row in rows if by.key(row) not in known]
    if added:
        journal["vcpus"] += added
        with write_whole(path) as handle:
            os.chmod(handle.name, 0o600)  # a guest's definition may have passwords
            json.dump(journal, handle, indent=1)


def noted(host: str, boot: str) -> list[Row]:
    """The pins of a node as they were before they were changed; none where they are as they were.

    Args:
        host, boot: as in `remember`.
    """
    journal = _read(_path(host))
    rows: list[Row] = journal["vcpus"] if journal and journal["boot"] == boot else []
    return rows


def left(hosts: Iterable[str] | None = None) -> list[str]:
    """The journals of nodes whose pins have not been put back; of some nodes (ssh
    destinations) or of all."""
    found = sorted(glob.glob(f"{glob.escape(FOLDER)}/*.json"))
    if hosts is None:
        return found
    wanted = {_path(host) for host in hosts}
    return [path for path in found if path in wanted]


def put_back(path: str) -> str:
    """Put a node's pins back and remove their journal, while no campaign measures on it.

    VCPUs of domains that are gone, or were made again since, are left alone; so is a node
    that has booted since.

    Returns a line that says so, for the user. Raises VcperfError; the journal stays then.
    """
    journal = _read(path)
    if journal is None:
        raise VcperfError(f"{path}: not a journal of pins; delete it")
    host = journal["ssh"]
    connections = Connections(journal["ssh_config"])
    try:
        faults = connections.open({host: True})
        if faults:
            raise VcperfError(faults[host])
        journal = _read(path)  # as it is now that nobody else can change it
        if journal is None:
            return f"pins of {host}: another campaign has put them back"
        ((_, boot),) = connections.batch({host: [BOOT_ARGV]})[host]
        booted = boot.strip() != journal["boot"]
        changed = [] if booted else _put_back(connections, journal)
    finally:
        connections.close()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    if booted:
        return f"pins of {host}: it has booted since they were changed; nothing to put back"
    return f"pins of {host} put back: {len(changed)} VCPUs"


def put_back_left(hosts: Iterable[str]) -> Iterable[str]:
    """Put back the pins of some nodes (ssh destinations); returns what could not be."""
    faults = []
    for path in left(hosts):
        try:
            put_back(path)
        except VcperfError as error:
            faults.append(f"pins not put back: {error}")
    return faults


def put_back_after_block(connections: Connections, nodes: Iterable[dict[str, Any]]) -> None:
    """Put back what a block by itself has changed, and print what could not be. A campaign puts
    pins back once, at its end.

    Args:
        connections: the block's.
        nodes: the spec's.
    """
    if connections.shared is None:
        for fault in put_back_left(node["ssh"] for node in nodes):
            print(fault, file=sys.stderr)


def _put_back(connections: Connections, journal: dict[str, Any]) -> list[Row]:
    """Put back what differs; returns it. Raises VcperfError naming what could not be."""
    host, by = journal["ssh"], _module(journal["toolstack"])

    def ask(argvs: Sequence[Sequence[str]]) -> list[tuple[int, str]]:
        return connections.batch({host: argvs})[host]

    changed = _differing(by, journal, by.listed(ask, host, journal))
    argvs = [argv for row in changed if (argv := by.put_argv(journal, row)) is not None]
    if argvs:
        ask(argvs)
    for row in (row for row in changed if by.put_argv(journal, row) is None):
        by.put_alone(connections, journal, row)
    still = _differing(by, journal, by.listed(ask, host, journal)) if changed else []
    if still:
        raise VcperfError(f"{host}: {', '.join(map(by.missed, still))}")
    return changed


def _differing(by: Toolstack, journal: dict[str, Any], rows: Sequence[Row]) -> list[Row]:
    """The journal's pins that are others now."""
    now = {by.key(row): by.pin(row) for row in rows}
    return [was for was in journal["vcpus"] if now.get(by.key(was), by.pin(was)) != by.pin(was)]


def _module(toolstack: str) -> Toolstack:
    found: Toolstack = importlib.import_module(f"vcperf.testbeds.{TOOLSTACKS[toolstack]}")  # type: ignore[assignment]
    return found


def _path(host: str) -> str:
    name = "".join(c if c.isalnum() or c in "-_." else f"%{ord(c):02x}" for c in host)
    return f"{FOLDER}/{name}.json"


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as handle:
            journal = json.load(handle)
    except (OSError, ValueError):
        return None
    whole = isinstance(journal, dict) and journal.get("format") == FORMAT
    return journal if whole and journal["toolstack"] in TOOLSTACKS else None
