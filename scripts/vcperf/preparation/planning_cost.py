"""What Snakemake needs to plan many jobs, made less. Measured by
tests/validation/validate_scaling.py."""

from __future__ import annotations

import gc
import inspect

from snakemake.resources import Resource  # type: ignore[import-untyped]


def cut() -> None:
    """Call this when the campaign is known, before Snakemake makes its jobs.

    Python looks for garbage each time that some hundreds of objects were made, and a plan is some
    million objects of which none is garbage: a fifth of the time. And Snakemake asks for the
    arguments of a function whenever it calls it.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    Resource.evaluate.__signature__ = inspect.signature(Resource.evaluate)
