"""Values derived from records, kept in a file: an unchanged record is not parsed again.

A value is kept under a digest of everything that it follows from: the bytes of the record, what
else is passed in, and the code. So the file can only save time: what it has of other records or of
other code is not found, and nothing is found in one that is damaged. It may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import sys

from vcperf.basics.digest import canonical, file_digest
from vcperf.basics.files import write_whole
from vcperf.errors import VcperfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Kept:
    """Values by the digests of what they follow from.

    Args:
        path: the file; None for none.
        code: files of the code that derives the values. Raises OSError when one is not there.
    """

    def __init__(self, path: str | None, code: Iterable[str]) -> None:
        self._path = path
        parts = [sys.version.encode(), *map(file_digest, sorted(code))]
        self._code = hashlib.sha256(b"\0".join(parts)).digest()
        self._known = _read(path) if path else {}
        self._used: dict[str, Any] = {}

    def key(self, content: bytes, beside: Any) -> str:
        """The digest of what a value follows from.

        Args:
            content: the record's file.
            beside: what else decides the value, of plain types.
        """
        digest = hashlib.sha256(self._code)
        digest.update(canonical(beside).encode() + b"\0")
        digest.update(content)
        return digest.hexdigest()

    def has(self, key: str) -> bool:
        """Whether the value of a key is known."""
        if key in self._known:
            self._used[key] = self._known[key]
        return key in self._used

    def value(self, key: str) -> Any:
        """The value of a key that is known. It is of plain types, and not to be changed."""
        return self._used[key]

    def keep(self, key: str, value: Any) -> None:
        """Keep a value.

        Args:
            key: its key.
            value: of plain types, as JSON gives them back.
        """
        self._used[key] = value

    def write(self) -> None:
        """Write the file, when it would change: with the values that were asked for or added.

        Where the disk refuses, nothing is kept, which costs only time.
        """
        if self._path is None or self._used.keys() == self._known.keys():
            return
        body = canonical(self._used).encode()
        try:
            with write_whole(self._path, "wb") as handle:
                handle.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        except VcperfError as fault:
            print(fault, file=sys.stderr)


def _read(path: str) -> dict[str, Any]:
    """The values of a file; none where it is missing or damaged."""
    try:
        with open(path, "rb") as handle:
            digest, _, body = handle.read().partition(b"\n")
        if digest != hashlib.sha256(body).hexdigest().encode():
            return {}
        found: dict[str, Any] = json.loads(body)
    except (OSError, ValueError, RecursionError):
        return {}
    return found
