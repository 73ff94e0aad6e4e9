"""Functions by name, as cards give them: MODULE:FUNCTION below vcperf."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def function(name: str) -> Callable[..., Any]:
    """The function of a name such as ``analysis.summary:tables``."""
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(f"vcperf.{module}"), attribute)
    return found


def source(name: str) -> str:
    """The file that has it, seen from scripts/: ``vcperf/analysis/summary.py``."""
    return f"vcperf/{name.partition(':')[0].replace('.', '/')}.py"
