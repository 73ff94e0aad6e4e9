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


def write(path: str, record: dict[str, Any]) -> None:
    """Write a record under another name and rename it when it is on disk.

    Args:
        path: the record's file; its folder is made when missing.
        record: its content, plain types only; `format` is added.

    Raises VcperfError when the disk refuses; nothing is left at `path` then.
    """
    with write_whole(path) as handle:
        json.dump({"format": FORMAT, **record}, handle, indent=1)
        handle.write("\n")


def read(path: str) -> dict[str, Any]:
    """Read a record back.

    Raises VcperfError when it is not a whole record of this format.
    """
    try:
        with open(path, encoding="utf-8") as handle:
            record = json.load(handle)
    except OSError as error:
        raise VcperfError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise VcperfError(
            f"{path}: not a whole record ({error}); delete it and run again"
        ) from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise VcperfError(f"{path}: not a record of format {FORMAT}; delete it and run again")
    return record
