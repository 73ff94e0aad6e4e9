"""A user who is not root, and a checkout of that user's."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers import local_block
from helpers.checkout import ROOT, Checkout

USER = "61234"  # nobody's number
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
PYTHON = "/usr/bin/python3"  # a user may not run what is below root's home
FAULT = "from vcperf.testbeds.podman import PodmanTestbed as T; print(T.host_fault(), end='')"
VERSION = "import sys; sys.exit(sys.version_info < (3, 11))"


class UsersCheckout(Checkout):
    """A copy of the project that belongs to the user, with its own tools but no environment of
    Python."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / ".venv").unlink(missing_ok=True)
        (folder / ".tools").unlink(missing_ok=True)
        (folder / ".tools").mkdir()
        for name in ("usr", "mpi"):
            if (ROOT / ".tools" / name).exists():
                shutil.copytree(ROOT / ".tools" / name, folder / ".tools" / name, symlinks=True)
        self.give()

    def give(self) -> None:
        """Let the user own all of it."""
        argv = ["chown", "--recursive", "--no-dereference", f"{USER}:{USER}", str(self.folder)]
        subprocess.run(argv, check=True)

    def environment(self) -> dict[str, str]:
        """Of the user's commands."""
        paths = {"HOME": str(self.folder), "PYTHONPATH": str(self.folder / "scripts")}
        return {**local_block.environment(), **paths}

    def argv(self, spec: dict, record: str) -> list[str]:
        """The command line that measures a block as the user."""
        block = ["scripts/isolate", spec["testbed"], *local_block.MEASURE, json.dumps(spec)]
        return [*AS_USER, *block, record]

    def run(self, argv: list[str]) -> subprocess.CompletedProcess:
        """Run a command to its end."""
        return subprocess.run(
            argv,
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@contextlib.contextmanager
def users_checkout() -> Iterator[UsersCheckout]:
    """A checkout of the user's, where the user may have containers; skips where not."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    # Not below pytest's folder, which only root may enter.
    with tempfile.TemporaryDirectory(prefix="vcperf-user-") as folder:
        Path(folder).chmod(0o755)
        made = UsersCheckout(Path(folder))
        if made.run([*AS_USER, PYTHON, "-c", VERSION]).returncode:
            pytest.skip(f"{PYTHON} is no Python of 3.11 or newer")
        tried = made.run([*AS_USER, PYTHON, "-c", FAULT])
        if tried.returncode or tried.stdout:
            pytest.skip(f"podman without root: {tried.stdout}{tried.stderr}")
        yield made
