"""From a plan and raw records to the rows of the tables."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from vcperf import campaign, record
from vcperf.campaign import Plan
from vcperf.errors import VcperfError
from vcperf.observation import disturbance, domain_cpu_percent
from vcperf.tools import netperf
from vcperf.tools.filter import Untrusted

OVERRAN = 1.05  # a run this much longer than asked for was held up

PLAN_COLUMNS = (
    "testbed",
    "pinning",
    "path",
    "sender",
    "receiver",
    "test",
    "message_bytes",
    "block",
    "order",
    "shared_cpus",
    "record",
)
NETPERF_COLUMNS = (
    "testbed",
    "pinning",
    "path",
    "sender",
    "receiver",
    "test",
    "message_bytes",
    "block",
    "throughput_mbps",
    "transactions_per_s",
    "sender_cpu_percent",
    "receiver_cpu_percent",
    "sender_domain_cpu_percent",
    "receiver_domain_cpu_percent",
    "elapsed_s",
    "started",
    "status",
    "others_cpu_percent",
    "steal_cpu_percent",
    "attempts",
    "shared_cpus",
    "host",
    "kernel",
    "platform",
)


def plan_rows(plan: Plan) -> list[dict[str, Any]]:
    """The plan as rows of PLAN_COLUMNS, in the order in which blocks are measured."""
    return [
        {
            "testbed": block.cell.spec["testbed"],
            "pinning": block.cell.pinning,
            "path": block.cell.path,
            "sender": block.cell.sender,
            "receiver": block.cell.receiver,
            "test": block.cell.test,
            "message_bytes": block.cell.message_bytes,
            "block": block.number,
            "order": block.order,
            "shared_cpus": "yes" if block.cell.shared_cpus else "no",
            "record": record_path(block),
        }
        for block in sorted(plan.blocks, key=lambda block: block.order)
    ]


def record_path(block: campaign.Block) -> str:
    """Where a block's raw record is, seen from the working directory."""
    spec = block.cell.spec
    return f"results/raw/{spec['testbed']}/{spec['kind']}/{block.cell.name}/{block.number}.json"


def netperf_row(planned: Mapping[str, Any], disturbed_percent: float) -> dict[str, Any]:
    """A row of NETPERF_COLUMNS from one record.

    Args:
        planned: a row of the plan.
        disturbed_percent: the share of one CPU above which others disturbed a block.

    Raises VcperfError when the record is not of the plan's spec or its output cannot
    be trusted.
    """
    path = planned["record"]
    content = record.read(path)
    spec = content["spec"]
    if f"_{campaign.spec_key(spec)}/" not in path or spec["block"] != int(planned["block"]):
        raise VcperfError(f"{path}: its spec is not this campaign's; delete it and run again")
    run = next((c for c in content["commands"] if c["role"] == "measure"), None)
    if run is None:
        raise VcperfError(f"{path}: holds no measurement; delete it and run again")
    try:
        (parsed,) = netperf.parse(run["output"])
    except (Untrusted, ValueError) as fault:
        raise VcperfError(f"{path}: {fault}") from None
    before, after = content["before"], content["after"]
    others, steal = disturbance(before, after)
    started = datetime.datetime.fromtimestamp(run["start"], datetime.UTC)
    row = {
        **planned,
        **parsed,
        "test": spec["test"],
        "sender_domain_cpu_percent": round(domain_cpu_percent(before, after, spec["sender"]), 2),
        "receiver_domain_cpu_percent": round(
            domain_cpu_percent(before, after, spec["receiver"]), 2
        ),
        "started": started.isoformat(timespec="milliseconds"),
        "others_cpu_percent": round(others, 2),
        "steal_cpu_percent": round(steal, 2),
        "attempts": 1 + len(content["disturbed"]),
        "host": content["host"]["host"],
        "kernel": content["host"]["kernel"],
        "platform": content["host"]["platform"],
    }
    row["status"] = _status(row, spec, disturbed_percent)
    return {column: row.get(column) for column in NETPERF_COLUMNS}


def _status(row: Mapping[str, Any], spec: Mapping[str, Any], disturbed_percent: float) -> str:
    """`ok`, or why a block is doubtful."""
    if row["elapsed_s"] > OVERRAN * spec["duration_s"]:
        return "overran"
    if row["others_cpu_percent"] + row["steal_cpu_percent"] > disturbed_percent:
        return "disturbed"
    return "ok"
