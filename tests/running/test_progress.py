"""What a campaign shows while it runs."""

import io
import logging

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_vcperf import LogHandler
from vcperf.running.progress import CLEAR, Progress

CELL = "vc00-c010_TCP_STREAM_1024_0a1b"
NAMED = {"kind": "netperf", "testbed": "netns", "cell": CELL, "block": "2"}


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_elsewhere_than_on_a_terminal_a_line_appears_every_half_minute(clock):
    out = io.StringIO()
    progress = Progress(out, clock)
    progress.planned(20, 9)
    for job in range(20):
        progress.block_started(job, NAMED)
        clock.now += 4
        progress.finished(job)
    progress.end()
    assert out.getvalue().splitlines() == [
        "20 blocks to measure; 9 other jobs (tables, figures)",
        "8 of 20 blocks measured, about 48 s to go",
        "16 of 20 blocks measured, about 16 s to go",
        "20 of 20 blocks measured in 1 min 20 s",
    ]


def test_a_terminal_has_one_line_that_is_redrawn(clock):
    out = Terminal()
    progress = Progress(out, clock)
    progress.planned(20, 9)
    for job in range(3):
        progress.block_started(job, NAMED)
        clock.now += 10
        progress.finished(job)
    progress.block_started(4, NAMED)
    first, drawn = out.getvalue().split("\n")
    last = drawn.split(CLEAR)[-1]
    assert "20 blocks" in first
    assert last.startswith("3 of 20 blocks measured, about 2 min 50 s to go; 0 of 9 other jobs; ")
    assert "\n" not in drawn and len(last) < 80


def test_blocks_side_by_side_are_counted(clock):
    out = Terminal()
    progress = Progress(out, clock)
    progress.planned(20, 9)
    for job in range(3):
        progress.block_started(job, {**NAMED, "block": str(job)})
    last = out.getvalue().split(CLEAR)[-1]
    assert "; 3 at once: netperf vc00-c010" in last and len(last) < 80
    progress.finished(2)
    assert "; 2 at once: netperf vc00-c010" in out.getvalue().split(CLEAR)[-1]


def test_a_terminal_is_left_on_a_line_of_its_own(clock):
    out = Terminal()
    progress = Progress(out, clock)
    progress.planned(0, 9)
    progress.job_started("Drawing figure2")
    progress.end()
    assert out.getvalue().endswith(CLEAR)


def test_a_block_that_fails_is_named_with_the_last_line_of_its_log(clock, tmp_path):
    log, out = tmp_path / "log", io.StringIO()
    log.write_text("waiting\nnetperf: no answer \x1b[31mfrom c010\n")
    progress = Progress(out, clock)
    progress.planned(2, 9)
    progress.block_started(1, NAMED)
    progress.failed(1, "measure", [str(log)])
    progress.end()
    _, failed, ended = out.getvalue().splitlines()
    assert failed == (
        "failed: netperf vc00-c010_TCP_STREAM_1024, block 2: netperf: no answer \\x1b[31mfrom c010"
    )
    assert ended == "0 of 2 blocks measured, 1 failed in 0 s"


def test_a_block_that_succeeds_when_tried_again_has_not_failed(clock):
    out = io.StringIO()
    progress = Progress(out, clock)
    progress.planned(1, 0)
    progress.block_started(1, NAMED)
    progress.failed(1, "measure", [])
    progress.block_started(1, NAMED)
    progress.finished(1)
    progress.end()
    assert out.getvalue().splitlines()[-1] == "1 of 1 blocks measured in 0 s"


def record(level=logging.INFO, message="", **facts):
    made = logging.LogRecord("snakemake", level, "", 0, message, None, None)
    vars(made).update(facts)
    return made


def test_snakemakes_events_are_counted_and_its_chatter_is_left_out(capsys):
    handler = LogHandler(None, None)
    for event in (
        record(event=LogEvent.RUN_INFO, stats={"measure": 2, "table": 3, "total": 5}),
        record(message="Select jobs to execute..."),
        record(event=LogEvent.JOB_INFO, rule_name="measure", jobid=1, wildcards=NAMED),
        record(event=LogEvent.JOB_FINISHED, job_id=1),
        record(event=LogEvent.JOB_INFO, rule_name="table", rule_msg="Parsing", jobid=2),
        record(event=LogEvent.JOB_ERROR, rule_name="table", jobid=2, log=[]),
        record(logging.WARNING, "a warning"),
        record(logging.ERROR, "Exiting because a job execution failed. Look above"),
    ):
        handler.emit(event)
    handler.close()
    assert capsys.readouterr().err.splitlines() == [
        "2 blocks to measure; 3 other jobs (tables, figures)",
        "failed: table: no error message; Snakemake's log is below .snakemake/log",
        "a warning",
        "1 of 2 blocks measured in 0 s",
    ]
