"""The column `tools`: which programs measured a block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vcperf.tables.host_settings import Places

VERSION = "tool."  # begins the names of versions among the settings of a host


def column(host: Mapping[str, Any], places: Places) -> str | None:
    """The column's value: programs with their sizes in bytes; of hosts reached by ssh, programs
    with their versions by place. None where the record says neither.

    Args:
        host: what a record says of the hosts that measured.
        places: the settings of the block's places.

    >>> column({"tools": {"netperf": {"bytes": 196896, "path": "/usr/bin/netperf"}}}, {})
    'netperf 196896 bytes'
    >>> column({}, {"node0": {"tool.netperf": "2.7.0", "net.mtu": "1500"}})
    'netperf 2.7.0 (node0)'

    A program is known by its size, as it lies elsewhere and has another date in every checkout,
    and a busy host may not answer in time for its version.
    """
    if "tools" in host:
        found = sorted(host["tools"].items())
        return ", ".join(f"{name} {tool['bytes']} bytes" for name, tool in found) or None
    known = [
        f"{name.removeprefix(VERSION)} {value} ({place})"
        for place, settings in sorted(places.items())
        for name, value in sorted(settings.items())
        if name.startswith(VERSION) and value is not None
    ]
    return ", ".join(known) or None
