"""Profilers: sample every domain of a node while a workload runs in them.

Each is a module with a class `Sampler` that has the members below, and a function `fault` as the
one below; a testbed names the modules that it can be profiled with
(`vcperf.testbeds.contract.TestbedClass.profilers`). A profiler knows what a testbed's contract
offers, and its tool, and no workload.
"""

from __future__ import annotations

import importlib

from vcperf.tools.perf import COLUMNS

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any, Protocol

    from vcperf.testbeds.contract import Testbed, TestbedClass

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
            (CPU time that a sample stands for, None when unknown), `idle` (samples of
            idle CPUs), `lost` (samples; None when unknown), `columns` and `rows` (see
            `table_of`), `folded` (call stacks, those with most samples first, as far as they
            fit), `folded_left_out` (samples of the others); and `nodes` where emulated nodes
            were sampled too (`vcperf.profilers.emulator`).
            """


FOLDED_BYTES = 256 * 1024  # of call stacks that a record keeps


def fault(testbed: type[TestbedClass], wanted: dict[str, Any]) -> str:
    """Why this machine cannot take the profiles of a spec, in one line; empty when it can, and
    where only the domains can tell.

    Args:
        testbed: the class of the spec's testbed.
        wanted: see `open_sampler`.
    """
    found: str = _module(testbed, wanted).fault(testbed, wanted)
    return found


def open_sampler(testbed: Testbed, wanted: dict[str, Any]) -> Sampler:
    """The profiler of a spec.

    Args:
        testbed: up and pinned.
        wanted: `name`, what the profiler needs to know, and `hypervisor` when emulated nodes
            are to be sampled from outside as well.
    """
    sampler: Sampler = _module(testbed, wanted).Sampler(testbed, wanted)
    if "hypervisor" in wanted:
        outside = importlib.import_module("vcperf.profilers.emulator")
        sampler = outside.Sampler(testbed, wanted, sampler)
    return sampler


def _module(testbed: TestbedClass | type[TestbedClass], wanted: dict[str, Any]) -> Any:
    return importlib.import_module(f"vcperf.profilers.{testbed.profilers[wanted['name']]}")


def bounded(folded: list[str]) -> tuple[str, int]:
    """As many call stacks as a record keeps.

    Args:
        folded: lines of a stack and its samples.

    Returns those with most samples first, as text; and the samples of the others.
    """
    ranked = sorted(folded, key=lambda line: (-int(line.rpartition(" ")[2]), line))
    kept, size, left_out = [], 0, 0
    for line in ranked:
        size += len(line.encode()) + 1
        if size <= FOLDED_BYTES:
            kept.append(line + "\n")
        else:
            left_out += int(line.rpartition(" ")[2])
    return "".join(kept), left_out


def table_of(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows as a record keeps them: `columns`, the names once, and `rows`, a list of values
    each; a missing one is None."""
    return {"columns": list(COLUMNS), "rows": [[row.get(c) for c in COLUMNS] for row in rows]}
