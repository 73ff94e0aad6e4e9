"""Children are read within bounds, and end with what they started."""

import os
import subprocess
import time

import pytest
from helpers.processes import gone, wait_until

from vcperf.errors import VcperfError
from vcperf.testbeds import child

LONG = "python3 -c 'import sys; [sys.stderr.write(\"x\" * 1000 + chr(10)) for _ in range(5000)]'"


def ran(script):
    process = child.start_with_errors_apart(["sh", "-c", script])
    output, _ = child.read_to_end(process, 60)
    process.wait()
    return child.text(output), child.take_errors(process)


def test_errors_of_a_command_and_of_what_it_starts_are_kept_apart():
    assert ran("echo a; echo b >&2; sh -c 'echo c >&2; echo d'") == ("a\nd\n", "b\nc\n")


def test_a_command_without_errors_has_none():
    assert ran("echo a") == ("a\n", "")


def test_endless_errors_are_kept_up_to_a_bound():
    output, errors = ran(f"{LONG}; echo done")
    assert output == "done\n" and len(errors) <= child.ERRORS_BYTES


def end(process):
    child.kill(process)
    process.communicate()


def test_what_a_child_prints_on_both_outputs_is_read_to_its_end():
    assert child.run(["sh", "-c", "echo out; echo err >&2; exit 3"], 10) == (3, "out\n", "err\n")


def test_a_child_that_closes_its_output_and_goes_on_is_not_waited_for():
    process = child.start(["sh", "-c", "exec sleep 1000 >&- 2>&-"])
    with pytest.raises(child.Unfinished, match="closed its output, but did not end in time"):
        child.read_to_end(process, 0.1)
    end(process)


def test_a_child_that_is_silent_is_not_waited_for():
    process = child.start(["sh", "-c", "echo begun; exec sleep 1000"])
    with pytest.raises(child.Unfinished, match=r"did not end within 0\.1 s") as fault:
        child.read_to_end(process, 0.1)
    assert fault.value.printed in {b"begun\n", b""}
    end(process)


def test_a_child_that_prints_without_end_is_read_up_to_a_bound():
    process = child.start(["cat", "/dev/zero"])
    with pytest.raises(child.Unfinished, match="printed more than 8 MB") as fault:
        child.read_to_end(process, 60)
    assert len(fault.value.printed) < child.MOST_BYTES + 2**20
    end(process)


def test_an_end_that_nobody_has_waited_for_is_left_to_the_caller():
    process = child.start(["sh", "-c", "exit 5"])
    assert child.read_to_end(process, 60) == (b"", b"")
    assert os.waitid(os.P_PID, process.pid, os.WEXITED).si_status == 5


def test_whatever_holds_the_output_of_a_child_ends_with_it(tmp_path):
    """A child of the child, whose parent has ended: it is nobody's descendant any more."""
    process = child.start(["sh", "-c", "setsid sleep 1000 & echo $!"])
    with pytest.raises(child.Unfinished) as fault:
        child.read_to_end(process, 0.5)
    end(process)
    wait_until(lambda: gone([int(fault.value.printed)]), "its end")


def test_a_command_of_ours_that_hangs_is_an_error_of_one_line():
    with pytest.raises(VcperfError, match=r"^sleep did not end within 0\.1 s$"):
        child.run(["sleep", "1000"], 0.1)
    with pytest.raises(VcperfError, match=r"^no-such-program: not found"):
        child.run(["no-such-program"], 1)


def test_a_clock_that_is_set_does_not_move_ours(monkeypatch):
    before = child.now()
    assert abs(before - time.time()) < 60
    monkeypatch.setattr(time, "time", lambda: before + 3600)
    assert before <= child.now() < before + 60


def test_killing_a_child_leaves_its_end_to_be_waited_for():
    process = child.start(["sleep", "1000"])
    child.kill(process)
    assert process.wait() == -9
    assert isinstance(process, subprocess.Popen)
