"""Raw records: one JSON file a block, either whole or not there.

Needs the standard library alone: measurements import it, and their start-up time is
part of every block's overhead.
"""

from __future__ import annotations

import json

from vcperf.basics.files import write_whole
from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any

FORMAT = 2
# Some times the largest sound ones: a profile with its call stacks has up to 2 MB. JSON takes up
# to 33 times as much memory when it is read.
MOST_BYTES = 11 * 10**6


def write(path: str, record: dict[str, Any]) -> None:
    """Write a record under another name and rename it when it is on disk.

    Args:
        path: the record's file; its folder is made when missing.
        record: its content, plain types only; `format` is added.

    Raises VcperfError when the disk refuses, or when it is too large to be read again; nothing
    is left at `path` then.
    """
    text = json.dumps({"format": FORMAT, **record}, indent=1) + "\n"
    if len(text) > MOST_BYTES:
        raise VcperfError(
            f"{path}: a record of {len(text) / 10**6:.1f} MB, above the limit of"
            f" {MOST_BYTES // 10**6} MB; lower `remeasure`: it keeps what others disturbed"
        )
    with write_whole(path) as handle:
        handle.write(text)


def read(path: str) -> dict[str, Any]:
    """Read a record back.

    Raises VcperfError, which names it, when it is not a whole record of this format, with all
    fields that its readers rely on.
    """
    return parsed(path, content(path))


def content(path: str) -> bytes:
    """The bytes of a record's file. Raises VcperfError, which names it, when it cannot be read."""
    from vcperf.records import json_file  # not for measurements, which only write

    try:
        return json_file.content(path, MOST_BYTES)
    except FileNotFoundError as error:
        raise VcperfError(f"{path}: {error.strerror}") from None


def parsed(path: str, content: bytes) -> dict[str, Any]:
    """The record that the bytes of its file hold. Raises VcperfError as `read`."""
    from vcperf.records import fields, json_file  # not for measurements, which only write
    from vcperf.records.json_file import REMEDY

    record = json_file.value(path, content, MOST_BYTES, "a whole record")
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise VcperfError(f"{path}: not a record of format {FORMAT}; {REMEDY}")
    fault = fields.fault_of(record)
    if fault:
        raise VcperfError(f"{path}: a damaged record: {fault}; {REMEDY}")
    found: dict[str, Any] = record
    return found
