# Loads and checks the configuration, and plans the campaign from it.

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from vcperf import preparation
from vcperf.tables import record_path
from vcperf.errors import VcperfError


wildcard_constraints:
    testbed="[a-z]+",
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
FIGURES = CAMPAIGN.figures


def wanted_records():
    """The records that the tables wait for: all, or with `partial` those that are there."""
    paths = [record_path(block) for block in PLAN.by_record.values()]
    if CAMPAIGN.config["partial"]:
        paths = [path for path in paths if os.path.exists(path)]
    return paths


def prepare_host():
    """Before anything runs: can this host measure, and is it free?

    Nothing of it when there is nothing to measure.
    """
    missing = [b for b in PLAN.by_record.values() if not os.path.exists(record_path(b))]
    if CAMPAIGN.config["partial"]:
        missing = []
    try:
        preparation.check_host(CAMPAIGN, missing)
    except VcperfError as error:
        sys.exit(str(error))
