"""Values derived from records, kept in a file: an unchanged record is not parsed again.

A value is kept under a digest of everything that it follows from: the bytes of the record, what
else is passed in, and the code. So the file can only save time: what it has of other records or of
other code is not found, and a damaged line is not believed. It may be deleted at any time. Its
lines are read when they are asked for, so that it may be larger than memory.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile

from vcperf.basics.digest import canonical, file_digest
from vcperf.basics.files import write_whole
from vcperf.errors import VcperfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, BinaryIO

_DIGEST = 64  # characters; a line has the key, the digest of the value, the value
_IN_MEMORY = 8_000_000  # bytes of new values


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
        self._before = _opened(path)
        self._lines = _lines(self._before)
        self._used: set[str] = set()
        self._new = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by `write`

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

    def value(self, key: str) -> Any:
        """The value of a key, of plain types; None where it is not known."""
        if key not in self._lines:
            return None
        line = self._line(key)
        parts = line[:-1].split(b" ", 2)
        if (
            line[-1:] != b"\n"
            or len(parts) < 3
            or hashlib.sha256(parts[2]).hexdigest().encode() != parts[1]
        ):
            return None
        self._used.add(key)
        return json.loads(parts[2])

    def keep(self, key: str, value: Any) -> None:
        """Keep a value.

        Args:
            key: its key.
            value: of plain types, as JSON gives them back; not None.
        """
        if self._path is None:
            return
        body = canonical(value).encode()
        digest = hashlib.sha256(body).hexdigest()
        try:
            self._new.write(b"%b %b %b\n" % (key.encode(), digest.encode(), body))
        except OSError as fault:
            self._refused(fault)

    def write(self) -> None:
        """Write the file, when it would change: with the values that were asked for or added.

        Where the disk refuses, nothing is kept, which costs only time.
        """
        with self._new as new:
            if self._path is None or (not new.tell() and len(self._used) == len(self._lines)):
                return
            try:
                with write_whole(self._path, "wb") as handle:
                    for key in self._lines:
                        if key in self._used:
                            handle.write(self._line(key))
                    new.seek(0)
                    shutil.copyfileobj(new, handle)
            except (OSError, VcperfError) as fault:
                self._refused(fault)

    def _line(self, key: str) -> bytes:
        """The line of a key that the file has."""
        assert self._before
        self._before.seek(self._lines[key])
        return self._before.readline()

    def _refused(self, fault: Exception) -> None:
        """Say that values are not kept."""
        self._path = None
        print(fault, file=sys.stderr)


def _opened(path: str | None) -> BinaryIO | None:
    """The file of before; None where there is none."""
    try:
        return open(path, "rb") if path else None
    except OSError:
        return None


def _lines(handle: BinaryIO | None) -> dict[str, int]:
    """Where the line of each key begins, bytes."""
    found, at = {}, 0
    for line in handle or ():
        found[line[:_DIGEST].decode("latin-1")] = at
        at += len(line)
    return found
