"""Labs of emulated hosts, tied to a process that a test can kill; and commands on their hosts."""

import contextlib
import os
import signal
import subprocess

import pytest

from helpers.checkout import ROOT


@contextlib.contextmanager
def running(*arguments: str):
    """A lab, from when it is up: the process of `lab/lab ARGUMENTS -- COMMAND`, in a session of
    its own, which is killed at the end."""
    argv = [str(ROOT / "lab/lab"), *arguments, "--", "sh", "-c", "echo is up; read -r _"]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        printed = ""
        for line in process.stdout:
            printed += line
            if line == "is up\n":
                break
        else:
            pytest.fail(f"the lab did not come up:\n{printed}")
        yield process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def run_on(ssh_config, host: str, command: str) -> subprocess.CompletedProcess:
    """Run a command on a host of a lab."""
    argv = ["ssh", "-F", str(ssh_config), host, command]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
