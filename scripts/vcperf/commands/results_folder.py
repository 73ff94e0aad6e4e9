"""A finished results folder: the blocks of its cells that can be compared, and their specs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from vcperf import kinds
from vcperf.analysis import compare
from vcperf.errors import VcperfError
from vcperf.records import record
from vcperf.tables.read import read_table

# The first table of each kind that is compared -> the columns that a comparison needs. Others may
# be missing: tables of before they were added lack them.
NEEDED = ("testbed", "message_bytes", "block", "started", "status")
COLUMNS = {
    card.tables[0]: tuple(
        name for name in (*NEEDED, *card.labels, *card.metrics) if name not in card.usual
    )
    for card in kinds.COMPARED.values()
}
DIGEST = re.compile(r"([0-9a-f]{12,})/[0-9]+[.]json$")
MOST_KEYS = 3  # of two specs that are named
Cell = tuple[object, ...]


def read(folder: str) -> pd.DataFrame:
    """The blocks of a finished campaign, of netperf and ping-pong. Raises VcperfError."""
    tables = [_read(os.path.join(folder, "tables", f"{n}.csv"), COLUMNS[n]) for n in COLUMNS]
    found = [table for table in tables if table is not None]
    if not found:
        raise VcperfError(
            f"{os.path.join(folder, 'tables')}: no {' or '.join(f'{name}.csv' for name in COLUMNS)}"
            " there; give the results folder of a finished campaign that has one of them"
        )
    return pd.concat(found, ignore_index=True)


def _read(path: str, columns: tuple[str, ...]) -> pd.DataFrame | None:
    """One table; None when there is none. Raises VcperfError."""
    if not os.path.exists(path):
        return None
    try:
        table = read_table(path)
    except OSError as error:
        raise VcperfError(f"{path}: {error.strerror}; run `make figures` there again") from None
    lacking = sorted(set(columns) - set(table.columns))
    if lacking:
        raise VcperfError(f"{path}: has no column {lacking[0]}; run `make figures` there again")
    return table


class Specs:
    """The specs of a campaign's cells, by its plan and its records.

    Args:
        folder: its results folder. Without tables/plan.csv there nothing is known.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        path = os.path.join(folder, "tables", "plan.csv")
        plan = _read(path, ()) if os.path.exists(path) else None
        self.known = plan is not None
        self._records: dict[tuple[str, ...], str] = {}
        if plan is not None and {"kind", "testbed", "record"} <= set(plan):
            known = plan.astype(object).where(plan.notna(), "")
            for row in known.to_dict("records"):
                if row["kind"] in kinds.COMPARED:
                    key = _key(str(row["kind"]), {str(k): v for k, v in row.items()})
                    self._records.setdefault(key, str(row["record"]))

    def record(self, cell: Mapping[str, object]) -> str | None:
        """The record of one of a cell's blocks, as the plan names it."""
        return self._records.get(_key(compare.kind_of(cell), cell))

    def spec(self, cell: Mapping[str, object]) -> dict[str, Any] | None:
        """A cell's spec; None when its record cannot be read."""
        path = self.record(cell)
        if path is None:
            return None
        inside = path.partition("results/")[2] or path
        try:
            spec = record.read(os.path.join(self.folder, inside))["spec"]
        except (VcperfError, KeyError):
            return None
        return {key: value for key, value in spec.items() if key != "block"}


def _key(kind: str, labels: Mapping[str, object]) -> tuple[str, ...]:
    card = kinds.CARDS[kind]
    found = {
        label: labels.get(label, "")
        for label in ("testbed", *card.labels)
        if label not in ("sender", "receiver")
    }
    return (kind, *map(str, kinds.named(card, found).values()))


def spec_difference(first: Specs, second: Specs, cell: Cell) -> str:
    """What differs in the specs of a cell, in words; empty where nothing does, or where one of the
    campaigns does not know.

    Args:
        first, second: of both campaigns.
        cell: the values of `vcperf.analysis.compare.CELL`.
    """
    named = dict(zip(compare.CELL, cell, strict=True))
    records = first.record(named), second.record(named)
    if None in records:
        return ""
    digests = [_digest(str(path)) for path in records]
    if digests[0] == digests[1]:
        return ""
    one, other = first.spec(named), second.spec(named)
    if one is None or other is None:
        return f"{digests[0]} -> {digests[1]} (the records that say more are not there)"
    flat = dict(_flat(one)), dict(_flat(other))
    differ = [key for key in sorted({*flat[0], *flat[1]}) if flat[0].get(key) != flat[1].get(key)]
    if not differ:
        return ""
    changes = [f"{key} {flat[0].get(key, 'none')} -> {flat[1].get(key, 'none')}" for key in differ]
    more = f" and {len(changes) - MOST_KEYS} more" if len(changes) > MOST_KEYS else ""
    return "; ".join(changes[:MOST_KEYS]) + more


def _digest(path: str) -> str:
    found = DIGEST.search(path)
    return found.group(1) if found else os.path.dirname(path)


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of a spec by their keys, joined by dots."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _flat(below, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, json.dumps(value, sort_keys=True)
