"""Digests: short names of contents. Needs the standard library alone."""

from __future__ import annotations

import hashlib
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

DIGITS = 12  # 48 bits: a campaign has thousands of cells, not millions


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def short(parts: Iterable[bytes]) -> str:
    """12 hexadecimal digits of the SHA-256 of some bytes, one part behind the other."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:DIGITS]


def file_digest(path: str) -> bytes:
    """The SHA-256 of a file's content. Raises OSError."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").digest()
