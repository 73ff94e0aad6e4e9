"""What the tables of all kinds have in common: records read and held against the plan,
and what was noted of the hosts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from vcperf.basics.results import on_disk
from vcperf.errors import VcperfError
from vcperf.records import record
from vcperf.records.key import nameless_key
from vcperf.records.names import places, renamed
from vcperf.records.observation import disturbance, throttled
from vcperf.tables import host_settings, tools_used

Content = Mapping[str, Any]
Planned = Mapping[str, str]

# Columns of every table: of the block as a whole, after its results.
CONDITIONS = (
    "started",
    "status",
    "others_cpu_percent",
    "steal_cpu_percent",
    "attempts",
    "waited_s",
    "throttled",
    "shared_cpus",
    "host",
    "kernel",
    "tools",
    "platform",
    "settings",
    "shared_cores",
    "numa_crossed",
)


def read(planned: Planned) -> Content:
    """The record of a planned block, see `parsed`. Raises VcperfError."""
    return parsed(planned, record.content(on_disk(planned["record"])))


def parsed(planned: Planned, content: bytes) -> Content:
    """The record of a planned block, with `called`: name in the record -> name in the plan, of
    nodes, domains and places (NODE/DOMAIN), as it may have been measured under others.

    Args:
        planned: a row of the plan, as text.
        content: the bytes of the record's file.

    Raises VcperfError when it is not a whole record of the plan's spec.
    """
    path = planned["record"]
    found = record.parsed(on_disk(path), content)
    spec = found["spec"]
    if _key(spec) != planned["key"] or spec["block"] != int(planned["block"]):
        raise VcperfError(f"{path}: its spec is not this campaign's; delete it and run again")
    return {**found, "called": renamed(places(spec), planned["places"].split())}


def _key(spec: Mapping[str, Any]) -> str:
    """The spec's key without names; empty for one that is damaged."""
    try:
        return nameless_key(spec)
    except (LookupError, TypeError, AttributeError, ValueError):
        return ""


def damaged(planned: Planned, fault: object) -> VcperfError:
    """The error for a record with an output that cannot be trusted."""
    return VcperfError(f"{planned['record']}: {fault}; delete it and run again")


def field(planned: Planned, content: Content, name: str) -> Any:
    """A field that the records of some kinds have. Raises VcperfError when this one lacks it."""
    if name not in content:
        raise VcperfError(f"{planned['record']}: holds no {name}; delete it and run again")
    return content[name]


def command(planned: Planned, content: Content, role: str) -> Mapping[str, Any]:
    """The record's command that played a role. Raises VcperfError when there is none."""
    for found in content["commands"]:
        if found["role"] == role:
            chosen: Mapping[str, Any] = found
            return chosen
    raise VcperfError(f"{planned['record']}: holds no {role} command; delete it and run again")


def conditions(
    planned: Planned, content: Content, started_s: float, disturbed_percent: float
) -> dict[str, Any]:
    """The CONDITIONS of a block.

    Args:
        planned: its row of the plan.
        content: its record.
        started_s: when what is measured began, seconds since 1970.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    The status is `ok` or `disturbed`; a kind may know worse.
    """
    attempts = [content, *content["disturbed"]]
    others, steal = disturbance(content["before"], content["after"])
    settings = content.get("settings", {})  # old records have none
    called = content.get("called", {})
    started = datetime.datetime.fromtimestamp(started_s, datetime.UTC)
    return {
        "started": started.isoformat(timespec="milliseconds"),
        "status": "disturbed" if others + steal > disturbed_percent else "ok",
        "others_cpu_percent": round(others, 2),
        "steal_cpu_percent": round(steal, 2),
        "attempts": len(attempts),
        # Records of before there was such a wait have none.
        "waited_s": round(sum(a.get("waited_s", 0.0) for a in attempts), 3),
        "throttled": host_settings.YES_NO[throttled(content["before"], content["after"])],
        "shared_cpus": planned["shared_cpus"],
        "host": content["host"]["host"],
        "kernel": content["host"]["kernel"],
        "tools": tools_used.column(content["host"], host_settings.places_of(settings)),
        "platform": content["host"]["platform"],
        "settings": host_settings.column({called.get(at, at): d for at, d in settings.items()}),
        **host_settings.pins(content["spec"], host_settings.column(settings)),
    }
