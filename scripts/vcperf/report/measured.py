"""What a campaign measured, where and when: the first lines of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from vcperf import kinds
from vcperf.report.words import count, several

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Blocks:
    """The blocks of one kind.

    Args:
        kind: its name.
        planned: how many the plan has.
        rows: one row per block that was measured: its labels and conditions.
    """

    kind: str
    planned: int
    rows: pd.DataFrame

    @property
    def missing(self) -> int:
        """How many blocks have no result."""
        return max(0, self.planned - len(self.rows))

    @property
    def cells(self) -> int:
        """How many cells the blocks are of."""
        return len(self.rows.drop_duplicates(_names(self.kind, self.rows)))


def blocks(tables: Tables) -> list[Blocks]:
    """The blocks of each kind of which the tables know, in the order of the kinds."""
    plan = tables.get("plan", pd.DataFrame({"kind": []}))
    found = []
    for name, card in kinds.CARDS.items():
        table = tables.get(card.tables[0])
        planned = int((plan["kind"] == name).sum())
        if table is not None and (len(table) or planned):
            rows = table.drop_duplicates([*_names(name, table), "block"])
            found.append(Blocks(name, max(planned, len(rows)), rows))
    return found


def _names(kind: str, table: pd.DataFrame) -> list[str]:
    """What names a cell of a kind. A block may have several rows: one per message size."""
    return [name for name in ("testbed", *kinds.CARDS[kind].labels) if name in table]


def measured(found: list[Blocks]) -> Iterator[str]:
    """What was measured where and when: all in one line, then kind by kind."""
    conditions = [blocks.rows for blocks in found if len(blocks.rows)]
    if not conditions:
        planned = sum(blocks.planned for blocks in found)
        yield f"nothing was measured of {count(planned, 'block')}"
        return
    all_rows = pd.concat(conditions)
    done, planned = len(all_rows), sum(blocks.planned for blocks in found)
    of = "" if done == planned else f" of {planned:,}"
    yield f"{done:,}{of} {'block' if done == planned == 1 else 'blocks'} on {where(all_rows)}"
    for one in found:
        yield _of_kind(one)
    yield from _hosts(all_rows)


def where(rows: pd.DataFrame) -> str:
    """Platforms with their testbeds."""
    named = rows[["platform", "testbed"]].drop_duplicates().itertuples(index=False)
    return several(f"{row.platform} ({row.testbed})" for row in named)


def _of_kind(blocks: Blocks) -> str:
    done = len(blocks.rows)
    if not done:
        return f"{blocks.kind}: nothing of {count(blocks.planned, 'block')}"
    line = f"{blocks.kind}: {count(done, 'block')}"
    if blocks.missing:
        line += f" of {blocks.planned:,}"
    line += f" in {count(blocks.cells, 'cell')}"
    for column, noun in (("pinning", "pinning"), ("path", "path"), ("stack", "MPI stack")):
        if column in blocks.rows:
            names = list(dict.fromkeys(blocks.rows[column].dropna()))
            if names:
                line += f"; {noun}{'s' if len(names) > 1 else ''} {several(names)}"
    return line


def _hosts(rows: pd.DataFrame) -> Iterator[str]:
    hosts, kernels = (list(dict.fromkeys(rows[c].dropna())) for c in ("host", "kernel"))
    if hosts:
        kernel = f", kernel {several(kernels)}" if kernels else ""
        yield f"host{'s' if len(hosts) > 1 else ''} {several(hosts)}{kernel}"
    started = sorted(rows["started"].dropna())
    if started:
        yield f"measured from {_minute(started[0])} to {_minute(started[-1])} UTC"


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")
