"""The fields of a record on which its readers rely, and how they depend on each other."""

from __future__ import annotations

from vcperf.records.shape import (
    COUNT,
    DIGEST,
    MOMENT,
    NAME,
    NULL,
    NUMBER,
    POSITIVE,
    TEXT,
    TRUTH,
    Each,
    fault,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vcperf.records.observation import Observation

_OBSERVATION = {
    "domains": Each({"clock_s": NUMBER, "cpu_s": NUMBER}),
    "hosts": Each(
        {
            "clock_s": NUMBER,
            "program_s": NUMBER,
            "own_s": NUMBER,
            "steal_s": NUMBER,
            "core_throttles?": Each(NUMBER),
            "package_throttles?": Each(NUMBER),
        }
    ),
}
_COMMAND = {
    "role": NAME,
    "start": MOMENT,
    "end": MOMENT,
    "output": TEXT,
    "steps?": {"alone": COUNT, "began": COUNT, "ended": COUNT, "checked": COUNT},
}
_NODE = {
    "hypervisor": Each(COUNT),
    "domains": Each(COUNT),
    "idle": COUNT,
    "samples": POSITIVE,
    "seconds": NUMBER,
}
_PROFILE = {
    "event_asked": NAME,
    "event": NAME,
    "sample_ns": (NUMBER, NULL),
    "idle": (COUNT, NULL),
    "lost": (COUNT, NULL),
    "columns?": [NAME],
    "rows": (TEXT, [[(TEXT, NUMBER, NULL)]]),
    "folded?": TEXT,
    "folded_left_out?": COUNT,
    "nodes?": Each(_NODE),
}
# What all records have, and what those of some kinds have. Records of earlier versions lack some
# of it. The spec is held against the plan by its digest.
RECORD = {
    "spec": {"block": COUNT, "nodes?": Each({"domains": Each([[COUNT]])})},
    "host": {
        "host": NAME,
        "kernel": NAME,
        "platform": NAME,
        "tools?": Each({"bytes": COUNT}),
    },
    "vcperf?": NAME,
    "settings?": Each(DIGEST),
    "code?": (Each((TEXT, TRUTH)), NULL),
    "commands": [_COMMAND],
    "before": _OBSERVATION,
    "after": _OBSERVATION,
    "disturbed": [{"waited_s?": NUMBER}],
    "waited_s?": NUMBER,
    "notes?": [TEXT],
    "received_bytes?": Each(COUNT),
    "one_interface?": TRUTH,
    "transport?": NAME,
    "profile?": _PROFILE,
}
# How the columns of a profile's rows must be; of others text.
_CELLS = {"samples": COUNT, "percent": (NUMBER, NULL)}


def fault_of(record: Any) -> str:
    """What of a record its readers could not use, in words; empty when all is well."""
    return (
        fault(record, RECORD)
        or _fault_of_times(record)
        or _fault_of_domains(record)
        or _fault_of_rows(record.get("profile", {}))
    )


def _fault_of_times(record: dict[str, Any]) -> str:
    for index, command in enumerate(record["commands"]):
        if command["end"] < command["start"]:
            return f"commands[{index}] ends before it starts"
    before, after = record["before"], record["after"]
    for what in ("domains", "hosts"):
        if set(before[what]) != set(after[what]):
            return f"before and after have different {what}"
        for name, first in before[what].items():
            if not after[what][name]["clock_s"] > first["clock_s"]:
                return f"after.{what}.{name}.clock_s is not later than before"
    return "" if before["hosts"] else "before.hosts is empty"


def _fault_of_domains(record: dict[str, Any]) -> str:
    observed: Observation = record["before"]
    for node in record["spec"].get("nodes", {}).values():
        for domain in node["domains"]:
            if domain not in observed["domains"]:
                return f"before.domains.{domain} is missing"
    return ""


def _fault_of_rows(profile: dict[str, Any]) -> str:
    """Of the rows of a profile. Those of earlier versions are one text."""
    if not isinstance(profile.get("rows"), list):
        return ""
    columns = profile.get("columns", [])
    shapes = [_CELLS.get(column, (TEXT, NULL)) for column in columns]
    for index, row in enumerate(profile["rows"]):
        if len(row) != len(columns):
            return f"profile.rows[{index}] has {len(row)} values, not {len(columns)}"
        for column, shape, value in zip(columns, shapes, row, strict=True):
            found = fault(value, shape, f"profile.rows[{index}] {column}")
            if found:
                return found
    return ""
