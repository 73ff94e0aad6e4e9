"""Archives that Linux unpacks as its first root file system (cpio, format "newc").

Written here so that every file belongs to root whoever builds. Several archives may
follow one another in one file; each is padded for that. Format: the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

BLOCK = 512


def entry(name: str, mode: int, data: bytes = b"", number: int = 0) -> bytes:
    """One file, folder or link.

    Args:
        name: path without a leading slash.
        mode: type and permissions, as in st_mode.
        data: content, or a link's target.
        number: inode number; files with the same one would be hard links.
    """
    path = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
    return _padded(head, 4) + _padded(data, 4)


def archive(entries: dict[str, tuple[int, bytes]]) -> bytes:
    """A whole archive.

    Args:
        entries: mode and data (see `entry`) by path; folders that lead there are added.
    """
    every: dict[str, tuple[int, bytes]] = {}
    for name, content in entries.items():
        for parent in reversed(Path(name).parents):
            if parent != Path("."):
                every.setdefault(str(parent), (stat.S_IFDIR | 0o755, b""))
        every[name] = content
    parts = [entry(name, *content, number=n) for n, (name, content) in enumerate(every.items(), 1)]
    return _padded(b"".join(parts) + entry("TRAILER!!!", 0), BLOCK)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """What lies in a folder, as entries for `archive`."""
    found: dict[str, tuple[int, bytes]] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            data = os.readlink(path).encode()
        else:
            data = path.read_bytes() if stat.S_ISREG(mode) else b""
        found[str(path.relative_to(folder))] = (mode, data)
    return found


def _padded(data: bytes, unit: int) -> bytes:
    return data + b"\0" * (-len(data) % unit)
