"""The plan as a table: every block, the labels that the tables give it, its record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from vcperf.basics.batches import batches
from vcperf.kinds import LABELS
from vcperf.planning.cell import Plan
from vcperf.records.key import nameless_key
from vcperf.records.names import places
from vcperf.tables.write import ROWS, write_parts

COLUMNS = (
    *("testbed", "kind", *LABELS, "block", "order", "stopping"),
    *("shared_cpus", "link", "link_mbps", "key", "places", "record"),
)


def write(plan: Plan, path: str | Path) -> None:
    """Write the plan as a table of COLUMNS. Raises VcperfError as `write_parts`."""
    # Values as they are: else a label that is a number, and missing in other kinds, becomes 1.0.
    parts = batches(rows(plan), ROWS)
    write_parts((pd.DataFrame(p, columns=list(COLUMNS), dtype="object") for p in parts), path)


def rows(plan: Plan) -> Iterator[dict[str, Any]]:
    """The plan as rows of COLUMNS, in the order in which blocks are measured; labels that
    a kind does not have are missing. `key` names what of the spec decides a result; `places` has
    its domains as NODE/DOMAIN, separated by blanks (`vcperf.records.names.places`)."""
    known: dict[str, tuple[str, str]] = {}
    for block in plan.mesh or sorted(plan.blocks, key=lambda block: block.order):
        name, spec = block.cell.name, block.cell.spec
        key, domains = known.get(name) or (nameless_key(spec), " ".join(places(spec)))
        if not plan.mesh:  # of which there are too many
            known[name] = key, domains
        yield {
            "testbed": block.cell.spec["testbed"],
            "kind": block.cell.kind,
            **block.cell.labels,
            "block": block.number,
            "order": block.order,
            "stopping": "sequential" if block.cell.sequential else "fixed",
            "shared_cpus": "yes" if block.cell.shared_cpus else "no",
            "link": block.cell.link,
            "link_mbps": block.cell.link_mbps,
            "key": key,
            "places": domains,
            "record": block.record,
        }
