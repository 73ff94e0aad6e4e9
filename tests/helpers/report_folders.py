"""Results folders as a report reads them, of made-up blocks of netperf."""

import json

import numpy as np
import pandas as pd

from helpers.blocks import cell, table
from helpers.claims import judged, part
from vcperf.analysis import overhead, pinnings, summary
from vcperf.figures import flame
from vcperf.tables import netperf, plan
from vcperf.tables.write import write_table

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect width="300"'
    ' height="200" fill="#ffffff"/><text x="20" y="40">a figure</text></svg>'
)
HOST = {"host": "h1", "kernel": "6.1", "tools": "netperf 1 bytes", "attempts": 1}


def blocks_of(paths, sizes, count, testbeds=("netns",), **columns):
    """Blocks of each path and size under two pinnings, `count` each.

    `wide` has twice the throughput of `close` at even places of the sizes, and the same at odd.
    """
    chance = np.random.default_rng(1)
    return table(
        *(
            cell(
                list((1 + (pinning == "wide" and at % 2 == 0)) * chance.normal(100, 1, count)),
                pinning,
                path,
                size,
                **{**HOST, "testbed": testbed, **columns},
            )
            for testbed in testbeds
            for path in paths
            for at, size in enumerate(sizes)
            for pinning in ("close", "wide")
        )
    )


def tables_of(blocks, says="wide against close"):
    """The tables that a campaign makes of such blocks."""
    claim = part(
        says=says, where={"path": blocks["path"].iloc[0]}, of={"pinning": "wide"},
        against={"pinning": "close"}, expect="higher",
    )  # fmt: skip
    full = blocks.reindex(columns=netperf.COLUMNS)
    numbers = pd.Series(np.arange(len(blocks)), index=blocks.index)
    names = "results/raw/netns/netperf/cell_" + numbers.map("{:012x}/1.json".format)
    planned = blocks.reindex(columns=plan.COLUMNS)
    planned = planned.assign(kind="netperf", order=numbers, stopping="fixed", record=names)
    made = {
        "plan": planned,
        "netperf": full,
        "netperf_summary": summary.summarise(full, 2.5),
        "pinnings": pinnings.differences(full, 2.5),
        "claims": judged(full[full["testbed"] == "netns"], claim),
    }
    if blocks["testbed"].nunique() > 1:
        made["overhead"] = overhead.overhead(full)
    return made


def written(folder, tables, figures=("curve",), flames=("flame_one",), **provenance):
    """A results folder with these tables, and made-up figures. Returns its path."""
    for name, rows in tables.items():
        write_table(rows, folder / f"tables/{name}.csv")
    (folder / "figures").mkdir(exist_ok=True)
    for name in figures:
        (folder / f"figures/{name}.svg").write_text(SVG)
    for name in flames:
        stacks = {"main;send": 300, "main;receive": 200}
        (folder / f"figures/{name}.svg").write_text(flame.svg(stacks, name))
    told = {"format": 1, "tables": list(tables), "hosts": [{"host": "h1"}], **provenance}
    (folder / "provenance.json").write_text(json.dumps(told))
    return str(folder)
