"""Whether most blocks of a campaign were disturbed: then its results say little of the hosts."""

from __future__ import annotations

import csv
from collections.abc import Collection

from vcperf import kinds
from vcperf.basics.results import on_disk
from vcperf.preparation.outputs import table_path

MOST = 0.5  # a larger share of disturbed blocks is reported


def report(measured: Collection[str]) -> str:
    """A line that says how many blocks were disturbed, when most were; else empty.

    Args:
        measured: the kinds of the campaign. The first table of each has the status of its blocks;
            one that is not there counts for nothing.
    """
    statuses: dict[tuple[str, ...], str] = {}
    for kind in measured:
        statuses |= _statuses(kind)
    disturbed = sum(status != "ok" for status in statuses.values())
    if disturbed <= MOST * len(statuses):
        return ""
    return (
        f"most blocks were disturbed: {disturbed} of {len(statuses)}; other programs are in these"
        " results: stop them, delete results/raw and run again"
    )


def _statuses(kind: str) -> dict[tuple[str, ...], str]:
    """Each block of a kind, by what names it, with its status."""
    card = kinds.CARDS[kind]
    names = ("testbed", *card.labels, "block")
    try:
        with open(on_disk(table_path(card.tables[0])), encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
    except OSError:
        return {}
    return {(kind, *(row.get(name, "") for name in names)): row["status"] for row in rows}
