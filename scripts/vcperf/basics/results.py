"""Where results are on disk. Rules, records and tables name them from `results/` on; they may all
lie below a prefix, which Snakemake puts in front by itself: that of a module of another workflow,
or the folder that a campaign names."""

from __future__ import annotations

import os
import re

KEY = "results_in"  # of a configuration
FOLDER = r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*"
PREFIX = "VCPERF_PREFIX"  # in the environment: blocks and scripts are started with it


def on_disk(path: str) -> str:
    """A path such as ``results/blocks.json``, seen from the working directory."""
    return os.environ.get(PREFIX, "") + path


def prefix(folder: object) -> str:
    """What stands in front of `results/` for a campaign that names a folder; empty for one that
    names none, or nothing that is one: its schema refuses that.

    >>> prefix("runs/monday"), prefix(None), prefix("../elsewhere")
    ('runs/monday/', '', '')
    """
    named = isinstance(folder, str) and re.fullmatch(FOLDER, folder)
    return f"{folder}/" if named else ""


def place(folder: object) -> None:
    """Put the results of this process, and of those that it starts, below a campaign's folder.

    Nothing of it without one: then a prefix that Snakemake was given stays.
    """
    if prefix(folder):
        os.environ[PREFIX] = prefix(folder)
