"""JSON files that this project wrote, read within bounds: whatever became of them since, reading
one takes little memory and ends in a value or in an error of one line."""

from __future__ import annotations

import json

from vcperf.errors import VcperfError, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

REMEDY = "delete it and run again"


def read(path: str, most_bytes: int, what: str) -> Any:
    """The value of a JSON file.

    Args:
        path: the file.
        most_bytes: what no sound file exceeds. Parsed, a byte may take 25 bytes of memory.
        what: the file should be, for errors: `a whole record`.

    Raises VcperfError, which names the file, when it is none; FileNotFoundError.
    """
    return value(path, content(path, most_bytes), most_bytes, what)


def content(path: str, most_bytes: int) -> bytes:
    """The bytes of a file; of one that is larger than `most_bytes`, that many and one more.

    Raises VcperfError, which names the file, when it cannot be read; FileNotFoundError.
    """
    try:
        with open(path, "rb") as handle:
            return handle.read(most_bytes + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise VcperfError(f"{path}: {error.strerror}") from None


def value(path: str, content: bytes, most_bytes: int, what: str) -> Any:
    """The value that the bytes of a JSON file hold; arguments and errors as those of `read`."""
    try:
        if len(content) > most_bytes:
            raise ValueError(f"larger than {most_bytes // 10**6} MB")
        return json.loads(content.decode("utf-8"), parse_constant=_no_number)
    except RecursionError:
        raise VcperfError(f"{path}: not {what} (nested too deeply); {REMEDY}") from None
    except ValueError as error:
        raise VcperfError(f"{path}: not {what} ({error}); {REMEDY}") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{quote(name)} is no number")
