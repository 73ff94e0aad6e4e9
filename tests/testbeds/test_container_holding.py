"""What a container without a control group has used, and where it may run."""

import os
import subprocess

import pytest
from helpers.processes import wait_until

from vcperf.basics.cpulist import parse
from vcperf.testbeds.container_holding import ByAffinity, Members, rootless

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a PID namespace by root alone")


@pytest.fixture
def first():
    """The first process of a PID namespace: a shell that works on what it reads."""
    script = "echo up; read -r _; exec cat"
    argv = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", script]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(argv, **pipes) as outside:
        outside.stdout.readline()
        (pid,) = _children(outside.pid)
        yield pid
        outside.kill()


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as handle:
        return list(map(int, handle.read().split()))


def test_members_are_the_processes_of_the_namespace(first, tmp_path):
    account = Members(first, f"{tmp_path}/used.*")
    assert account.pids() == {first}
    ByAffinity().hold(first, [1])
    assert parse(account.cpus()) == [1]


def test_cpu_time_of_commands_and_ranks_that_have_ended_counts(first, tmp_path):
    account = Members(first, f"{tmp_path}/used.10.77.0.1.*")
    so_far = account.cpu_seconds()
    account.reaped(1.5)
    (tmp_path / "used.10.77.0.1.7").write_text("0m9.000000s 0m9.000000s\n1m2.500000s 0m0.250000s\n")
    (tmp_path / "used.10.77.0.10.8").write_text("0m0.0s 0m0.0s\n0m7.0s 0m7.0s\n")  # another's
    assert account.cpu_seconds() == pytest.approx(so_far + 1.5 + 62.75, abs=0.1)


def test_a_container_that_has_ended_is_no_account_of_nothing(first, tmp_path):
    account = Members(first, f"{tmp_path}/used.*")
    os.kill(first, 9)
    wait_until(lambda: not os.path.exists(f"/proc/{first}"), "its end")
    for ask in (account.cpus, account.cpu_seconds):
        with pytest.raises(OSError):
            ask()
    assert account.pids() == set()


def test_root_of_a_user_namespace_alone_is_no_root():
    asked = "from vcperf.testbeds.container_holding import rootless; print(rootless())"
    argv = ["unshare", "--user", "--map-root-user", "python3", "-c", asked]
    path = {**os.environ, "PYTHONPATH": os.path.abspath("scripts")}
    found = subprocess.run(argv, env=path, capture_output=True, text=True, check=True).stdout
    assert found == "True\n" and not rootless()
