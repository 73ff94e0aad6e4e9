"""How many blocks the stopping rule gave each cell: results/blocks.json.

It is read wherever a campaign is planned, so what `make converge` added stays part of
the campaign. The key is a cell's name, which ends in the hash of its spec: an edit that
makes other cells leaves the counts of the old ones unused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from vcperf.errors import VcperfError

PATH = "results/blocks.json"


def read(path: str = PATH) -> dict[str, int]:
    """Cell name -> number of blocks; empty when there is no such file.

    Raises VcperfError when it is something else.
    """
    try:
        with open(path, encoding="utf-8") as handle:
            counts = json.load(handle)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise VcperfError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise VcperfError(f"{path}: not JSON ({error}); delete it to begin anew") from None
    if not isinstance(counts, dict) or not all(type(n) is int for n in counts.values()):
        raise VcperfError(f"{path}: not numbers of blocks by cell; delete it to begin anew")
    return counts


def write(counts: Mapping[str, int], path: str = PATH) -> None:
    """Write the counts whole or not at all. Raises VcperfError when the disk refuses."""
    partial = f"{path}.{os.getpid()}.partial"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(partial, "w", encoding="utf-8") as handle:
            json.dump(dict(sorted(counts.items())), handle, indent=1)
            handle.write("\n")
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise VcperfError(
            f"{path}: {error.strerror}; make room or mend it, and run again"
        ) from None
