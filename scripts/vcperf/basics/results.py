"""Where results are on disk. Rules, records and tables name them from `results/` on; as a module of
another workflow they may all lie below a prefix, which Snakemake puts in front by itself."""

from __future__ import annotations

import os

PREFIX = "VCPERF_PREFIX"  # in the environment: blocks and scripts are started with it


def on_disk(path: str) -> str:
    """A path such as ``results/blocks.json``, seen from the working directory."""
    return os.environ.get(PREFIX, "") + path
