"""Small file systems, to be filled."""

import os
import subprocess
from pathlib import Path


def in_small_tmpfs(folder: Path, size: str, command: list[str]) -> list[str]:
    """A command that finds a small file system of its own in a folder."""
    mount = f'mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@"'
    user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--mount", "sh", "-c", mount, str(folder), *command]


def can_mount(folder: Path) -> bool:
    tried = subprocess.run(in_small_tmpfs(folder, "4k", ["true"]), capture_output=True, check=False)
    return tried.returncode == 0
