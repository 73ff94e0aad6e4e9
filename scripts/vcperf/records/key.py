"""The keys of a record: what of a spec names it."""

from __future__ import annotations

from vcperf.basics import digest
from vcperf.records.names import nameless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def spec_key(spec: Mapping[str, Any]) -> str:
    """12 hexadecimal digits that name a spec, its block number left aside."""
    cell = {key: value for key, value in spec.items() if key != "block"}
    return digest.short([digest.canonical(cell).encode()])


def nameless_key(spec: Mapping[str, Any]) -> str:
    """12 hexadecimal digits that name what of a spec decides a result: those of all specs that
    differ from it in names of nodes and domains alone, or in the block's number."""
    return spec_key(nameless(spec))
