"""Campaigns that get more blocks, round by round."""

import json
import os
import subprocess

import numpy as np
import pandas as pd

from helpers.blocks import started
from helpers.checkout import ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": "scripts"}
ENDLESS = {
    "blocks": 1,
    "target_percent": 0.01,  # nothing converges
    "converge": {"minimum_blocks": 2, "maximum_blocks": 3, "budget_minutes": 10},
    "netperf": {
        "paths": {"config1": ["vc00->c010"], "config2": None},
        "message_bytes": [1024, 16384],
    },
}


def argv(campaign_file):
    return [str(ROOT / ".venv/bin/python"), "-m", "vcperf", "converge", campaign_file]


def run(checkout, campaign_file):
    return subprocess.run(
        argv(campaign_file),
        cwd=checkout.folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


def counts_of(checkout):
    path = checkout.folder / "results/blocks.json"
    return sorted(json.loads(path.read_text()).values()) if path.exists() else []


def table_of(plan, noise_percent):
    """Blocks of every netperf cell around 100.

    Args:
        noise_percent: cell -> standard deviation.
    """
    chance = np.random.default_rng(1)
    rows = []
    for cell in plan.cells:
        if cell.kind == "netperf":
            values = 100 + noise_percent(cell) * chance.normal(size=cell.blocks)
            for number, value in enumerate(values, start=1):
                row = {"testbed": cell.spec["testbed"], **cell.labels, "block": number}
                row["started"] = started(number)
                rows.append({**row, "throughput_mbps": value, "transactions_per_s": np.nan})
    # The order of a table's rows is not that of measuring.
    return pd.DataFrame(rows).sample(frac=1, random_state=1)
