"""Which version of this project runs, as far as git knows."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any


def state(root: str | Path) -> dict[str, Any] | None:
    """Commit, and whether a file that git knows differs from it.

    Args:
        root: the checkout. A folder inside another project's checkout is none.

    Returns None where there is no git or no commit.
    """
    if not Path(root, ".git").exists():
        return None
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    changes = _git(root, "status", "--porcelain", "--untracked-files=no")
    if not commit or changes is None:
        return None
    return {"commit": commit.strip(), "dirty": bool(changes)}


def _git(root: str | Path, *arguments: str) -> str | None:
    # No locks: a look changes nothing, be the checkout someone else's.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
