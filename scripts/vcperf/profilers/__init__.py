"""Profilers: sample every domain of a node while a workload runs in them.

A module a profiler, each with a class `Sampler` of the
methods below. A profiler knows a testbed and its tool, and no workload.
"""

from __future__ import annotations

import csv
import importlib
import io

from vcperf.tools.perf import COLUMNS

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any, Protocol

    from vcperf.testbeds import Testbed

    class Sampler(Protocol):
        """One profile of one block. Ready as a context; samples between start and stop."""

        def __enter__(self) -> Sampler: ...

        def __exit__(self, *_: object) -> None: ...

        def start(self) -> None:
            """Sample from now on, in all domains."""

        def stop(self) -> None:
            """Sample no more."""

        def result(self) -> dict[str, Any]:
            """What was sampled, as a record keeps it; asked for within the context.

            Keys: `event_asked`, `event` (the one that really counted), `sample_ns`
            (CPU time that a sample stands for, None when it does not tell), `idle` (samples of
            idle CPUs), `lost` (samples; None when it does not tell), `rows` (CSV of the
            COLUMNS), `folded` (call stacks, those with most samples
            first, as far as they fit), `folded_left_out` (samples of the others); and
            `nodes` where emulated nodes were sampled too (`vcperf.profilers.emulator`).
            """


# profiler -> its module, by where domains live: here, or on Xen nodes reached by ssh.
HERE = {"perf": "perf"}
BY_SSH = {"perf": "perf_domains", "xenoprof": "xenoprof"}


def open_sampler(testbed: Testbed, wanted: dict[str, Any]) -> Sampler:
    """The profiler of a spec.

    Args:
        testbed: up and pinned.
        wanted: `name`, what the profiler needs to know, and `hypervisor` when emulated nodes
            are to be sampled from outside as well.
    """
    known = BY_SSH if "ends" in testbed.spec else HERE
    module = importlib.import_module(f"vcperf.profilers.{known[wanted['name']]}")
    sampler: Sampler = module.Sampler(testbed, wanted)
    if "hypervisor" in wanted:
        outside = importlib.import_module("vcperf.profilers.emulator")
        sampler = outside.Sampler(testbed, wanted, sampler)
    return sampler


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV of COLUMNS with a header; what is None is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
