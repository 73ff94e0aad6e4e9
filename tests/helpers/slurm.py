"""A real Slurm of two nodes that are both this machine; slurm-cluster, beside this file, says in
which way they are two."""

import os
import shutil
import subprocess
from pathlib import Path

from helpers.checkout import ROOT
from helpers.processes import wait_until

CLUSTER = ROOT / "tests/helpers/slurm-cluster"
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch")
SEARCH = f"{os.environ['PATH']}:/usr/sbin:/sbin"


def why_not() -> str:
    """Why it cannot be had here; empty when it can."""
    if os.getuid() != 0:
        return "only root can start a Slurm of its own"
    missing = [name for name in PROGRAMS if shutil.which(name, path=SEARCH) is None]
    if missing:
        return f"no {', '.join(missing)}: `make setup-dev` installs them on Debian"
    return ""


class Slurm:
    """A running Slurm; its daemons' logs are in `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder
        up = folder / "up"
        self._process = subprocess.Popen(
            [str(CLUSTER), str(folder), "sh", "-c", 'echo >"$1"; exec sleep 86400', "up", str(up)],
            env={**os.environ, "PATH": SEARCH},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: up.exists() or self._process.poll() is not None, "Slurm is up")
        assert self._process.poll() is None, self._process.stderr.read()
        # The namespaces are those of unshare's child.
        children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        self.init = int(Path(children).read_text().split()[0])

    def argv(self, *argv: str) -> list[str]:
        """A command line that runs another where this Slurm is /etc/slurm's."""
        return ["nsenter", f"--target={self.init}", "--mount", "--pid", "--wd=.", "--", *argv]

    def run(self, *argv: str, folder: Path = ROOT, wanted: int | None = 0) -> str:
        """Run a command to its end; what it printed on both outputs."""
        done = subprocess.run(
            self.argv(*argv),
            cwd=folder,
            env={**os.environ, "PATH": SEARCH},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert wanted is None or done.returncode == wanted, said
        assert "Traceback" not in said, said
        return said

    def start(self, *argv: str, folder: Path) -> subprocess.Popen:
        """Start a command; its outputs are one pipe."""
        return subprocess.Popen(
            self.argv(*argv),
            cwd=folder,
            env={**os.environ, "PATH": SEARCH},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def jobs(self) -> list[list[str]]:
        """Number, state and reason of each job that has not ended."""
        told = self.run("squeue", "--noheader", "--format=%i|%T|%r")
        return [line.split("|") for line in told.splitlines()]

    def processes(self) -> list[str]:
        """The command lines of all its processes."""
        return self.run("ps", "-e", "--no-headers", "-o", "args").splitlines()

    def stop(self) -> None:
        """End it, and with it all that its jobs have started."""
        self._process.kill()
        self._process.wait()
