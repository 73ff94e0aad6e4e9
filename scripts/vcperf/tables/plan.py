"""The plan as a table: every block, the labels that the tables give it, its record."""

from __future__ import annotations

from typing import Any

import pandas as pd

from vcperf.kinds import LABELS
from vcperf.planning.cell import Plan
from vcperf.records.key import nameless_key
from vcperf.records.names import places

COLUMNS = (
    *("testbed", "kind", *LABELS, "block", "order", "stopping"),
    *("shared_cpus", "link", "link_mbps", "key", "places", "record"),
)


def whole(plan: Plan) -> pd.DataFrame:
    """The plan as a table of COLUMNS."""
    # Values as they are: else a label that is a number, and missing in other kinds, becomes 1.0.
    return pd.DataFrame(rows(plan), columns=list(COLUMNS), dtype="object")


def rows(plan: Plan) -> list[dict[str, Any]]:
    """The plan as rows of COLUMNS, in the order in which blocks are measured; labels that
    a kind does not have are missing. `key` names what of the spec decides a result; `places` has
    its domains as NODE/DOMAIN, separated by blanks (`vcperf.records.names.places`)."""
    keys = {cell.name: nameless_key(cell.spec) for cell in plan.cells}
    domains = {cell.name: " ".join(places(cell.spec)) for cell in plan.cells}
    return [
        {
            "testbed": block.cell.spec["testbed"],
            "kind": block.cell.kind,
            **block.cell.labels,
            "block": block.number,
            "order": block.order,
            "stopping": "sequential" if block.cell.sequential else "fixed",
            "shared_cpus": "yes" if block.cell.shared_cpus else "no",
            "link": block.cell.link,
            "link_mbps": block.cell.link_mbps,
            "key": keys[block.cell.name],
            "places": domains[block.cell.name],
            "record": block.record,
        }
        for block in sorted(plan.blocks, key=lambda block: block.order)
    ]
