"""The course of a run of netperf, by its interim results."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcperf.tools import netperf_course
from vcperf.tools.filter import Untrusted

# Of netperf 2.7.0 with -D 0.25; its result took 1.00 s.
REPORT = """\
MIGRATED TCP STREAM TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to 10.9.0.1 () port 0 AF_INET : demo
NETPERF_INTERIM_RESULT[0]=13654.88
NETPERF_UNITS[0]=10^6bits/s
NETPERF_INTERVAL[0]=0.709
NETPERF_ENDING[0]=1796033639.424
NETPERF_INTERIM_RESULT[1]=11965.08
NETPERF_UNITS[1]=10^6bits/s
NETPERF_INTERVAL[1]=0.285
NETPERF_ENDING[1]=1796033639.709
NETPERF_INTERIM_RESULT[2]=21391.32
NETPERF_UNITS[2]=10^6bits/s
NETPERF_INTERVAL[2]=0.006
NETPERF_ENDING[2]=1796033639.715
THROUGHPUT=13174.34
ELAPSED_TIME=1.00
"""


def test_it_begins_with_the_data_and_has_the_result_as_its_mean():
    course = netperf_course.read(REPORT, 1.0)
    assert course.begin == pytest.approx(1796033638.715, abs=1e-6)
    assert course.end == pytest.approx(course.begin + 1)
    assert course.rate(course.begin, course.end) == pytest.approx(13174.34, rel=0.005)
    assert course.rate(course.begin, course.begin + 0.5) == pytest.approx(13654.88)


def test_a_result_that_waited_for_the_last_bytes_stretches_it():
    course = netperf_course.read(REPORT, 2.0)
    assert course.end == pytest.approx(course.begin + 2)
    assert course.rate(course.begin, course.end) == pytest.approx(13174.34 / 2, rel=0.005)


def test_a_time_in_which_it_did_not_run_has_no_rate():
    course = netperf_course.read(REPORT)
    for begin, end in ((-0.1, 0.5), (0.5, 1.1)):
        with pytest.raises(Untrusted, match=r"ran from .*8.715 to .*9.715, not from"):
            course.rate(course.begin + begin, course.begin + end)


@pytest.mark.parametrize(
    ("line", "instead", "why"),
    [
        ("NETPERF_INTERVAL[1]=0.285\n", "", r"NETPERF_INTERVAL\[1\] is missing"),
        ("[1]=11965.08", "[1]=x", r"INTERIM_RESULT\[1\]='x' is no number"),
        ("[1]=11965.08", "[1]=nan", "cannot be"),
        ("[1]=11965.08", "[1]=-3", "cannot be"),
        ("NETPERF_INTERVAL[1]=0.285", "NETPERF_INTERVAL[1]=0.185", "does not follow"),
        ("NETPERF_UNITS[1]=10^6bits/s\n", "NETPERF_UNITS[1]=Usec\n", "a rate in"),
        ("NETPERF_ENDING[0]", "NETPERF_END[0]", "no interim result; was netperf built with"),
    ],
)
def test_what_contradicts_itself_is_refused(line, instead, why):
    with pytest.raises(Untrusted, match=why):
        netperf_course.read(REPORT.replace(line, instead))


def test_an_interval_that_is_not_whole_yet_is_left_out():
    whole = netperf_course.read(REPORT[: REPORT.index("NETPERF_INTERIM_RESULT[2]")])
    assert netperf_course.read(REPORT[: REPORT.index("NETPERF_ENDING[2]")]).end == whole.end


@given(
    st.lists(st.tuples(st.integers(1, 3000), st.integers(0, 10**6)), min_size=1, max_size=9),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_means_of_parts_add_up_to_that_of_the_whole(parts, one, other):
    text, at = "", 1796033638.0
    for index, (milliseconds, rate) in enumerate(parts):
        at += milliseconds / 1000
        text += f"NETPERF_INTERIM_RESULT[{index}]={rate}\nNETPERF_UNITS[{index}]=Trans/s\n"
        text += f"NETPERF_INTERVAL[{index}]={milliseconds / 1000}\nNETPERF_ENDING[{index}]={at}\n"
    course = netperf_course.read(text)
    long = course.end - course.begin
    cuts = sorted({0.0, round(one, 3), round(other, 3), 1.0})
    moved = sum(
        course.rate(course.begin + a * long, course.begin + b * long) * (b - a)
        for a, b in itertools.pairwise(cuts)
    )
    mean = sum(milliseconds * rate for milliseconds, rate in parts) / sum(m for m, _ in parts)
    assert moved == pytest.approx(mean, rel=1e-3, abs=1e-3)
