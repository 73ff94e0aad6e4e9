"""Puts back the pins that a killed campaign left on hosts."""

from __future__ import annotations

from vcperf.testbeds import node_sessions


def main(argv: list[str]) -> int:
    """Put back. Returns 0 when all are as they were, else 1."""
    return 0 if node_sessions.put_back_pins() else 1
