"""What a campaign shows while it runs: a logger plugin, `snakemake --logger vcperf`.

Snakemake finds plugins by the names of packages on sys.path. Its own log file is written as ever.
Interface: snakemake-interface-logger-plugins.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

# The rules that measure, and what a job of each is; a campaign has jobs of one of them.
MEASURE = {"measure": "block", "measure_round": "round"}
# What Snakemake says after errors that were shown one by one.
AFTERMATH = ("Exiting because a job execution failed", "At least one job did not complete")


class LogHandler(LogHandlerBase):
    """Hands the events of a run to `vcperf.running.progress.Progress`."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        # Not before it is used: Snakemake imports every plugin that it finds, and the vcperf of
        # this checkout must not stand in for that of another one whose Snakefile is run.
        from vcperf.running.progress import Progress

        self.progress = Progress(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        """Show what an event changes."""
        event: Any = getattr(record, "event", None)
        facts = vars(record)
        match event:
            case LogEvent.RUN_INFO:
                jobs = {rule: n for rule, n in facts["stats"].items() if rule != "total"}
                found = next((rule for rule in MEASURE if rule in jobs), "measure")
                count = jobs.pop(found, 0)
                self.progress.planned(count, sum(jobs.values()), MEASURE[found])
            case LogEvent.JOB_INFO if facts["rule_name"] in MEASURE:
                self.progress.block_started(facts["jobid"], facts["wildcards"])
            case LogEvent.JOB_INFO:
                self.progress.job_started(facts["rule_msg"] or facts["rule_name"])
            case LogEvent.JOB_FINISHED:
                self.progress.finished(facts["job_id"])
            case LogEvent.JOB_ERROR:
                self.progress.failed(facts["jobid"], facts["rule_name"], facts["log"])
            case LogEvent.ERROR | None if record.levelno >= logging.WARNING:
                text = record.getMessage()
                if not text.startswith(AFTERMATH):
                    self.progress.say(text)

    def close(self) -> None:
        """Leave the terminal on a line of its own."""
        self.progress.end()
        super().close()
