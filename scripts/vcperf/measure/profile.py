"""One block of a profile: a workload in the domains of a testbed, sampled while it runs."""

from __future__ import annotations

import contextlib
import importlib
import sys

from vcperf import profilers
from vcperf.measure.block import main

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vcperf.testbeds.contract import Testbed


def measure(testbed: Testbed, spec: dict[str, Any], content: dict[str, Any]) -> None:
    """Fill a record with one block.

    Args:
        testbed: up and pinned.
        spec: profiler, workload (a module of vcperf.measure), and what that one asks for.
        content: the record; gets what the workload gives it, and profile: see
            `vcperf.profilers.Sampler.result`.

    Raises VcperfError as the workload does, or when the profiler fails.
    """
    workload = importlib.import_module(f"vcperf.measure.{spec['workload']}")
    with profilers.open_sampler(testbed, spec["profiler"]) as sampler:

        @contextlib.contextmanager
        def sampled() -> Iterator[None]:
            sampler.start()
            yield
            sampler.stop()

        workload.measure(testbed, spec, content, sampled)
        content["profile"] = sampler.result()


if __name__ == "__main__":
    sys.exit(main(measure))
