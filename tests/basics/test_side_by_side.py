"""Work in several processes gives what it gives in one."""

import os
import signal

import pytest
from helpers.processes import descendants

from vcperf.basics import side_by_side
from vcperf.errors import VcperfError

MANY = list(range(3 * side_by_side.FEWEST + 7))


def squared(value):
    return value * value, os.getpid()


def refused(value):
    if value == 5:
        raise VcperfError(f"no {value}")
    return value


def killed(value):
    if value == 5:
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("processes", [1, 2, 3, 16])
def test_results_come_in_the_order_of_the_values(processes):
    found = side_by_side.each(squared, MANY, processes)
    assert [square for square, _ in found] == [value * value for value in MANY]
    assert len({pid for _, pid in found}) == min(processes, 3)


def test_few_values_start_no_process():
    assert side_by_side.each(squared, MANY[:9], 4) == [(n * n, os.getpid()) for n in range(9)]


def test_an_error_of_one_value_is_raised_here():
    with pytest.raises(VcperfError, match="no 5"):
        side_by_side.each(refused, MANY, 3)


def test_a_process_that_is_killed_is_told():
    with pytest.raises(ChildProcessError, match="ended from outside"):
        side_by_side.each(killed, MANY, 3)


def test_no_process_stays():
    before = set(descendants(os.getpid()))  # other tests may have some
    side_by_side.each(squared, MANY, 3)
    assert set(descendants(os.getpid())) <= before
