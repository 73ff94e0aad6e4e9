"""Commands of ours: what they print, and their errors apart."""

import time

from vcperf.testbeds import child

LONG = "python3 -c 'import sys; [sys.stderr.write(\"x\" * 1000 + chr(10)) for _ in range(5000)]'"


def ran(script):
    process = child.start_with_errors_apart(["sh", "-c", script])
    output = child.read_to_end(process, time.time() + 60)
    process.wait()
    return output, child.take_errors(process)


def test_errors_of_a_command_and_of_what_it_starts_are_kept_apart():
    assert ran("echo a; echo b >&2; sh -c 'echo c >&2; echo d'") == ("a\nd\n", "b\nc\n")


def test_a_command_without_errors_has_none():
    assert ran("echo a") == ("a\n", "")


def test_endless_errors_are_kept_up_to_a_bound():
    output, errors = ran(f"{LONG}; echo done")
    assert output == "done\n" and len(errors) <= child.ERRORS_BYTES
