"""A report is held against how long its program ran."""

import pytest

from vcperf.errors import VcperfError
from vcperf.measure import duration


def run(seconds: float) -> dict:
    return {"start": 1000.0, "end": 1000.0 + seconds}


@pytest.mark.parametrize(
    ("claimed_s", "took_s", "by_ssh"),
    [
        (1.0, 1.01, False),
        (1.0, 0.98, False),  # clocks differ a little
        (1.0, 9.0, False),  # it waited for a CPU
        (60.0, 75.0, False),
        (1.0, 0.85, True),  # the clock of an emulated host is fast
        (1.0, 21.0, True),
    ],
)
def test_a_sound_run_on_a_busy_host_passes(claimed_s, took_s, by_ssh):
    duration.check("netperf", run(took_s), claimed_s, by_ssh)


@pytest.mark.parametrize(
    ("claimed_s", "took_s", "by_ssh", "fault"),
    [
        (1.0, 0.03, False, "netperf: reports 1 s, but ran only 0.03 s"),
        (10.0, 9.5, False, "reports 10 s, but ran only 9.50 s"),
        (1.0, 0.75, True, "reports 1 s, but ran only 0.75 s"),
        (3601.0, 1.0, False, "reports 3601 s, but ran only 1.00 s"),  # its clock was set
        (1.0, 11.0, False, "reports 1 s, but ran 11.0 s; is the host overloaded?"),
        (1.0, 25.0, True, "reports 1 s, but ran 25.0 s"),
    ],
)
def test_a_report_of_another_duration_than_the_run_is_refused(claimed_s, took_s, by_ssh, fault):
    with pytest.raises(VcperfError, match=fault.replace("?", r"\?")):
        duration.check("netperf", run(took_s), claimed_s, by_ssh)


def test_what_a_report_leaves_out_may_take_any_time():
    duration.check_least("PingPong", run(500.0), 1.0, False)
    with pytest.raises(VcperfError, match="ran only"):
        duration.check_least("PingPong", run(0.5), 1.0, False)
