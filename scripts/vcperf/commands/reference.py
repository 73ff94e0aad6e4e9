"""Writes the pages of docs/reference/ again, from the code's own vocabulary.

python -m vcperf reference [FOLDER]
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from vcperf import kinds
from vcperf.analysis import claims, compare, pinnings
from vcperf.basics import doors
from vcperf.basics.checkout import ROOT
from vcperf.basics.files import write_whole
from vcperf.report import columns_page, keys_page
from vcperf.tables import plan
from vcperf.tables.read import typed

# Facts of a made-up campaign that has every summary.
OPTIONS: dict[str, Any] = {
    "kinds": tuple(kinds.CARDS),
    "baseline": "native",
    "figures": {},
    "points": {"A": 1, "B": 2},
    "stand_in": True,
    "target_percent": 2.5,
    "measured": (),
}


def main(argv: list[str]) -> int:
    """Write the pages. Returns 0; raises VcperfError when a file cannot be written."""
    parser = argparse.ArgumentParser(prog="vcperf reference", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=str(Path(ROOT, "docs/reference")))
    folder = Path(parser.parse_args(argv).folder)
    for name, text in pages().items():
        with write_whole(str(folder / name)) as handle:
            handle.write(text)
        print(folder / name)
    return 0


def pages() -> dict[str, str]:
    """File name -> the text of each page."""
    return {"columns.md": columns_page.page(tables()), "keys.md": keys_page.page()}


def tables() -> dict[str, Iterable[str]]:
    """Table -> its columns, of every table that a campaign or a comparison can write."""
    found: dict[str, Iterable[str]] = {
        "plan": plan.COLUMNS,
        "claims": claims.COLUMNS,
        "pinnings": pinnings.COLUMNS,
        "changes": compare.COLUMNS,
    }
    for card in kinds.CARDS.values():
        for name in card.tables:
            found[name] = importlib.import_module(f"vcperf.tables.{name}").COLUMNS
    for card in kinds.CARDS.values():
        for summary in card.summaries(OPTIONS):
            empty = {
                name: typed(pd.DataFrame(columns=list(found[name]))) for name in summary.inputs
            }
            options = {name: OPTIONS[name] for name in summary.options}
            made = doors.function(summary.make)(empty, **options)
            found |= {name: tuple(made[name].columns) for name in summary.outputs}
    return found
