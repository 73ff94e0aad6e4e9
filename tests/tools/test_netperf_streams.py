"""Several netperfs at the same time."""

import subprocess

import pytest
from helpers import local_block

from vcperf.tools import netperf_streams
from vcperf.tools.filter import Untrusted

BEGIN = 1796033638.0


def report(begin=0.0, elapsed_s=10.0, rate=100.0):
    """What a stream prints, with one interim result."""
    return (
        f"NETPERF_INTERIM_RESULT[0]={rate}\nNETPERF_UNITS[0]=10^6bits/s\n"
        f"NETPERF_INTERVAL[0]={elapsed_s:.3f}\nNETPERF_ENDING[0]={BEGIN + begin + elapsed_s:.3f}\n"
        f"THROUGHPUT={rate:.2f}\nTHROUGHPUT_UNITS=10^6bits/s\nELAPSED_TIME={elapsed_s:.2f}\n"
    )


def test_what_they_have_in_common_is_from_the_last_begin_to_the_first_end():
    common = netperf_streams.common([report(), report(begin=0.3, rate=50)])
    assert (common.begin - BEGIN, common.end - BEGIN) == pytest.approx((0.3, 10.0))
    assert common.overlap == pytest.approx(0.97)
    assert common.rates == pytest.approx([100, 50])
    assert common.variation_percent == pytest.approx(100 * 35.3553 / 75, rel=1e-4)


def test_the_warm_up_begins_when_all_run_and_does_not_count():
    common = netperf_streams.common([report(), report(begin=0.3)], warmup_s=2)
    assert (common.begin - BEGIN, common.end - BEGIN) == pytest.approx((2.3, 10.0))
    assert common.overlap == pytest.approx(0.97)


def test_a_stream_alone_has_no_variation():
    assert netperf_streams.common([report()]).variation_percent is None


@pytest.mark.parametrize("late", [{"begin": 0.6}, {"elapsed_s": 9.4}, {"begin": 30}])
def test_streams_that_ran_beside_each_other_for_too_short_are_refused(late):
    with pytest.raises(Untrusted, match=r"the 2 streams ran beside each other for only .*duration"):
        netperf_streams.common([report(), report(**late)])


def run(tmp_path, ports, *lines):
    """Run the command line with a script in place of netperf."""
    programs = local_block.standin(tmp_path, "netperf", *lines)
    return subprocess.run(
        netperf_streams.argv(ports, ["-H", "a b", "-l", "1"]),
        env=local_block.environment(programs),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_each_has_its_port_and_its_report_is_whole(tmp_path):
    more = "for i in 1 2 3 4 5 6 7 8 9; do printf '%4000s\\n' $2; done"
    found = netperf_streams.reports(run(tmp_path, (7, 8, 9), 'echo "$@"', more, "exit $2"))
    for port, text in zip((7, 8, 9), sorted(found), strict=True):
        first, *rest = text.splitlines()
        assert first == f"-p {port} -H a b -l 1"
        assert len(rest) == 9 and {line.strip() for line in rest} == {str(port)}


def test_all_run_at_the_same_time(tmp_path):
    """Each waits until all are there: one after the other, the first would wait for ever."""
    there = f": > {tmp_path}/there.$2; while [ $(ls {tmp_path}/there.* | wc -l) -lt 16 ]"
    text = run(tmp_path, range(10, 26), f"{there}; do :; done", "echo $2")
    assert set(map(int, netperf_streams.reports(text))) == set(range(10, 26))


def test_a_line_belongs_to_the_stream_whose_port_it_has():
    assert netperf_streams.reports("7 a b\n8 c\n7 d\n8 \n") == ["a b\nd\n", "c\n\n"]
    assert netperf_streams.reports("") == []
