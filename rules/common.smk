# Loads and checks the configuration, and plans the campaign from it.

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from vcperf import kinds, preparation
from vcperf.errors import VcperfError


wildcard_constraints:
    testbed="[a-z]+",
    kind="|".join(kinds.NAMES),
    cell="[^/]+",
    block="[0-9]+",
    figure="[^/]+",


try:
    # Files given with --configfile lie over the others, and come first in the list.
    over = len(workflow.overwrite_configfiles)
    sources = [*workflow.configfiles[over:], *workflow.overwrite_configfiles]
    CAMPAIGN = preparation.prepare(config, sources)
except VcperfError as error:
    sys.exit(str(error))

PLAN = CAMPAIGN.plan
# Curves are netperf's.
FIGURES = CAMPAIGN.figures if "netperf" in PLAN.kinds else {}


def wanted_records(kind):
    """The records that a table waits for: all, or with `partial` those that are there."""
    paths = [
        block.record for block in PLAN.by_record.values() if block.cell.kind == kind
    ]
    if CAMPAIGN.config["partial"]:
        paths = [path for path in paths if os.path.exists(path)]
    return paths


def bandwidth_of(figure):
    """The table of estimates, for a figure that shows some, when there are any."""
    if "bands" in figure and "bandwidth" in PLAN.kinds:
        return "results/tables/bandwidth.csv"
    return []


def prepare_host():
    """Before anything runs: can this host measure, and is it free?

    Nothing of it when there is nothing to measure.
    """
    missing = [b for b in PLAN.by_record.values() if not os.path.exists(b.record)]
    if CAMPAIGN.config["partial"]:
        missing = []
    try:
        preparation.check_host(CAMPAIGN, missing)
    except VcperfError as error:
        sys.exit(str(error))
