"""The rows of a table, from the records of a campaign; of records that have not changed, as they
were parsed before (`vcperf.records.kept`)."""

from __future__ import annotations

import importlib
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from typing import Any

from vcperf.basics import side_by_side
from vcperf.basics.digest import file_digest
from vcperf.basics.results import on_disk
from vcperf.records import host_settings, record
from vcperf.records.kept import Kept
from vcperf.tables import common
from vcperf.tables.common import Planned

Row = dict[str, Any]
Rows = list[Row]
BLOCKS = 2000  # whose rows are in memory together


def of_records(
    table: str,
    planned: Iterable[Planned],
    disturbed_percent: float,
    kept: Kept,
    processes: int = 1,
) -> Iterator[Row]:
    """The rows of the records of some blocks.

    Args:
        table: a module of this folder whose `rows` parses one record.
        planned: a row of the plan for each block, as text.
        disturbed_percent: as `rows` takes it.
        kept: rows from before; gets those of now. Its code is all that parses the table.
        processes: that parse side by side, at most.

    Raises VcperfError for the first record that cannot be trusted.
    """
    blocks = iter(planned)
    while part := list(itertools.islice(blocks, BLOCKS)):
        for rows in _of_part(table, part, disturbed_percent, kept, processes):
            yield from rows


def _of_part(
    table: str, planned: Sequence[Planned], disturbed_percent: float, kept: Kept, processes: int
) -> list[Rows]:
    """The rows of each of some blocks."""
    found: dict[int, Rows] = {}
    for index, block in enumerate(planned):
        content = record.content(on_disk(block["record"]))
        known = kept.value(kept.key(content, [table, disturbed_percent, block]))
        if known and all(_settings(name) == digest for name, digest in known[1].items()):
            found[index] = known[0]
    missing = [index for index in range(len(planned)) if index not in found]
    parse = partial(_parsed, table, disturbed_percent, kept)
    parsed = side_by_side.each(parse, [planned[index] for index in missing], processes)
    for index, (key, value) in zip(missing, parsed, strict=True):
        kept.keep(key, value)
        found[index] = value[0]
    return [found[index] for index in range(len(planned))]


def _parsed(
    table: str, disturbed_percent: float, kept: Kept, block: Planned
) -> tuple[str, tuple[Rows, dict[str, Any]]]:
    """The key of one record with its rows, and with the files of settings from which they follow
    as well: digest -> what is in the file."""
    module = importlib.import_module(f"vcperf.tables.{table}")
    content = record.content(on_disk(block["record"]))
    found = common.parsed(block, content)
    settings = {name: _settings(name) for name in found.get("settings", {}).values()}
    key = kept.key(content, [table, disturbed_percent, block])
    return key, (module.rows(block, found, disturbed_percent), settings)


@cache
def _settings(name: str) -> str | None:
    """What a file of host settings has in it, as a digest; None where there is none."""
    try:
        return file_digest(
            os.path.join(on_disk("results"), host_settings.FOLDER, f"{name}.json")
        ).hex()
    except OSError:
        return None
