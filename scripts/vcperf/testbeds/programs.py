"""Programs of this machine: those that are missing, and those that a record names."""

from __future__ import annotations

import contextlib
import os
import sys

from vcperf.basics.checkout import TOOL_FOLDERS
from vcperf.errors import VcperfError
from vcperf.testbeds import child

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PATIENCE_S = 5.0


def missing(tools: Mapping[str, str]) -> str:
    """Which programs are not there and what to install, in one line; empty when all are.

    Args:
        tools: program -> the package that has it.
    """
    import shutil  # its start-up time is not for blocks

    absent = [name for name in tools if shutil.which(name, path=search_path()) is None]
    packages = sorted({tools[name] for name in absent})
    return f"not found: {', '.join(absent)}; install {', '.join(packages)}" if absent else ""


def search_path() -> str:
    """Where programs are looked for: the PATH, then our own folders and those of administrators."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *TOOL_FOLDERS])


def found(*names: str) -> dict[str, Any]:
    """Which program each name stands for: path, size in bytes, and time of change; of
    netperf the version, and of Python where it is the one that asks."""
    known: dict[str, dict[str, Any]] = {}
    for name in names:
        for folder in os.get_exec_path():
            with contextlib.suppress(OSError):
                status = os.stat(f"{folder}/{name}")
                known[name] = {
                    "path": f"{folder}/{name}",
                    "bytes": status.st_size,
                    "changed": round(status.st_mtime),
                }
                break
    if "netperf" in known:
        with contextlib.suppress(OSError, VcperfError, IndexError):
            failed, answer, _ = child.run([known["netperf"]["path"], "-V"], PATIENCE_S)
            if not failed:
                known["netperf"]["version"] = answer.split()[-1]
    if "python3" in known and os.path.samefile(known["python3"]["path"], sys.executable):
        known["python3"]["version"] = ".".join(map(str, sys.version_info[:3]))
    return known
