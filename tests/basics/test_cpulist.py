"""Lists of CPUs are read back as they were written, and damaged ones are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcperf.basics import cpulist

cpu_sets = st.sets(st.integers(0, 99_999), min_size=1, max_size=30)


@given(cpu_sets)
def test_a_list_that_was_written_reads_as_the_same_cpus(cpus):
    text = cpulist.written((cpu, cpu) for cpu in sorted(cpus))
    assert cpulist.parse(text) == sorted(cpus)
    ranges = cpulist.printed_ranges(text)
    assert cpulist.written(ranges) == text
    ends = [cpu for pair in ranges for cpu in pair]
    assert ends == sorted(ends) and set(ends) <= cpus


@pytest.mark.parametrize(
    "text",
    ["", "1,", "1-", "-1", "1-2-3", "2-1", "1,1", "3,1", "0-3,2", "03", "1 2", "²", "123456"],
)
def test_a_damaged_list_has_no_ranges(text):
    assert cpulist.printed_ranges(text) == []


@given(st.lists(st.integers(0, 63), min_size=1, unique=True))
def test_a_list_in_any_order_reads_as_its_cpus_in_order(cpus):
    assert cpulist.parse(",".join(map(str, cpus))) == sorted(cpus)
