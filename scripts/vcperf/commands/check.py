"""Reads configuration files: what is wrong with the first bad one, in one line."""

from __future__ import annotations

from vcperf.config import files


def main(argv: list[str]) -> int:
    """Read the files. Returns 0. Raises VcperfError."""
    for file in argv:
        files.read_yaml(file)
    return 0
