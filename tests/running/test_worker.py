"""Scripts run in copies of a process that has loaded what they import, and nothing stays."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from helpers.checkout import ROOT
from helpers.processes import wait_until

from vcperf.running import worker

# A script as Snakemake starts it: its object, then the script. `print` is of the copy alone.
SCRIPT = """
import os, sys, types
sys.path.insert(0, {scripts!r})
if __name__ == "__main__" and "snakemake" not in globals():
    snakemake = types.SimpleNamespace(input=types.SimpleNamespace())
from vcperf.running import worker
worker.take_over(globals())
if __name__ == "__main__":
    print(os.getppid(), flush=True)
    {does}
"""


@pytest.fixture
def serving(monkeypatch):
    """The process; it is told to end when the test has."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "scripts"))
    monkeypatch.setenv(worker.ADDRESS, "")
    worker.start()
    process = worker._started.pop()
    yield process
    process.stdin.close()
    assert process.wait(10) == 0


@pytest.fixture
def start(tmp_path):
    """Starts a script that does something; its process."""
    started = []

    def start(does: str = "pass") -> subprocess.Popen:
        path = tmp_path / f"script{len(started)}.py"
        path.write_text(textwrap.dedent(SCRIPT).format(scripts=str(ROOT / "scripts"), does=does))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen([sys.executable, str(path)], **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ran(process: subprocess.Popen) -> tuple[int, int, str]:
    """The exit status of a script, the parent of the process that ran it, and its errors."""
    output, errors = process.communicate(timeout=30)
    return process.returncode, int(output or 0), errors


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_a_script_runs_in_a_copy_and_prints_as_if_by_itself(serving, start):
    assert ran(start("print('said', file=sys.stderr)")) == (0, serving.pid, "said\n")


def test_a_script_runs_by_itself_where_there_is_no_such_process(start, monkeypatch):
    monkeypatch.delenv(worker.ADDRESS, raising=False)
    assert ran(start()) == (0, os.getpid(), "")
    monkeypatch.setenv(worker.ADDRESS, f"vcperf-nobody:{sys.executable}")
    assert ran(start()) == (0, os.getpid(), "")


def test_a_script_of_another_environment_runs_by_itself(serving, start, monkeypatch):
    name = os.environ[worker.ADDRESS].partition(":")[0]
    monkeypatch.setenv(worker.ADDRESS, f"{name}:/elsewhere/python")
    assert ran(start()) == (0, os.getpid(), "")


@pytest.mark.parametrize(
    ("does", "status", "said"),
    [
        ("sys.exit(3)", 3, ""),
        ("sys.exit('one line')", 1, "one line\n"),
        ("raise ValueError('unexpected')", 1, "ValueError: unexpected\n"),
        ("os.kill(os.getpid(), 9)", 1, "was ended from outside\n"),
    ],
)
def test_a_script_that_fails_says_why_and_harms_no_other(serving, start, does, status, said):
    found, _, errors = ran(start(does))
    assert found == status and errors.endswith(said)
    assert ran(start())[:2] == (0, serving.pid)


def test_a_script_that_is_killed_takes_its_copy_with_it(serving, start):
    process = start("import time; time.sleep(600)")
    process.stdout.readline()
    assert len(children(serving.pid)) == 1
    process.kill()
    wait_until(lambda: not children(serving.pid), "the end of the copy")


def test_scripts_run_side_by_side(serving, start):
    first, second = start("import time; time.sleep(600)"), start("sys.stdin.read()")
    assert ran(second)[0] == 0
    first.kill()


def test_all_ends_with_the_process_that_started_it(start, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "scripts"))
    code = "import os, time; from vcperf.running import worker; worker.start()\n"
    code += "print(os.environ[worker.ADDRESS], worker._started[0].pid, flush=True); time.sleep(600)"
    pipes = {"stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as starter:
        address, pid = starter.stdout.readline().rsplit(maxsplit=1)
        monkeypatch.setenv(worker.ADDRESS, address)
        script = start("import time; time.sleep(600)")
        script.stdout.readline()
        (copy,) = children(int(pid))
        starter.send_signal(signal.SIGKILL)
        starter.wait()
        gone = [Path("/proc", process) for process in (pid, copy)]
        wait_until(lambda: not any(path.exists() for path in gone), "the end of all")
    assert ran(script)[0] == 1
