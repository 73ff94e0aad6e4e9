"""Can this host measure what is missing, and is it free?"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection

from vcperf import kinds
from vcperf.errors import VcperfError
from vcperf.planning.cell import Block
from vcperf.planning.layout import Host
from vcperf.preparation import host_settings
from vcperf.preparation.campaign import Campaign
from vcperf.running import host_lock
from vcperf.testbeds import find, programs

RECORD_BYTES = 16 * 1024  # a record, its log and Snakemake's note of it, on disk
TABLES_BYTES = 16 * 1024 * 1024  # tables, figures, Snakemake's own files


def prepare_host(ready: Campaign) -> None:
    """Check that the campaign's missing blocks can be measured, and take the host for them.

    Says which blocks `only` leaves out. Raises VcperfError as `check_host`.
    """
    if "only" in ready.config and not ready.plan.mesh:
        left_out = len(ready.plan.by_record) - len(ready.wanted())
        if left_out:
            print(
                f"only {ready.config['only']}: {left_out} blocks of other testbeds are left out",
                file=sys.stderr,
            )
    count, blocks = ready.lacking()
    check_host(ready, blocks, count)


def needed_bytes(missing: int) -> int:
    """What a campaign needs on disk for some missing blocks, bytes."""
    return TABLES_BYTES + missing * RECORD_BYTES


def check_host(ready: Campaign, missing: Collection[Block], count: int | None = None) -> None:
    """Make sure that the missing blocks can be measured, then take the host for it.

    Args:
        ready: the campaign.
        missing: blocks that have no record.
        count: how many there are, where these stand for more.

    Raises VcperfError when a tool or disk space is missing.
    """
    count = len(missing) if count is None else count
    for folder, needed in (
        ("results", needed_bytes(count)),
        (".", count * RECORD_BYTES),
    ):
        if os.path.isdir(folder):
            free = shutil.disk_usage(folder).free
            if free < needed:
                raise VcperfError(
                    f"{folder}: no space left on device for this campaign: {free >> 10} KiB free,"
                    f" {needed >> 10} KiB needed; make room and run again"
                )
    if not missing:
        return
    testbeds = {block.cell.spec["testbed"] for block in missing}
    hosts = [host for host in ready.hosts if host.testbed in testbeds]
    classes = {host.testbed: find(host.testbed, by_ssh=host.site is not None) for host in hosts}
    here = [host.testbed for host in hosts if host.site is None]
    wanted = [one.tools for one in classes.values()]
    # Of other testbeds the hosts of the domains need them.
    wanted.append(kinds.tools_of(b.cell for b in missing if b.cell.spec["testbed"] in here))
    for absent in filter(None, map(programs.missing, wanted)):
        raise VcperfError(absent)
    _refuse_other_boots(hosts)
    if any(
        classes[host.testbed].locks_this_machine(host.site.context if host.site else {})
        for host in hosts
    ):
        host_lock.hold_host()
    specs = [block.cell.spec for block in missing]
    silent: set[str] = set()
    for host in hosts:
        if host.site is not None:
            own = [spec for spec in specs if spec["testbed"] == host.testbed]
            silent |= set(classes[host.testbed].hold(own, host.site.context))
    host_settings.note(specs, silent)


def _refuse_other_boots(hosts: Collection[Host]) -> None:
    """Refuse testbeds that want the same nodes to have booted another system.

    Raises VcperfError that says what to do.
    """
    booted: dict[str, tuple[str, str]] = {}  # node -> testbed, and its system
    for host in hosts:
        for node in host.site.nodes.values() if host.site else ():
            system = find(host.testbed, by_ssh=True).system
            other, its = booted.setdefault(node["ssh"], (host.testbed, system))
            if its != system:
                raise VcperfError(
                    f"testbeds {other} and {host.testbed}: the same nodes cannot be both at once;"
                    f" measure one, with --config only={other}, boot the nodes for the other, and"
                    " measure that (docs/testbeds.md)"
                )
