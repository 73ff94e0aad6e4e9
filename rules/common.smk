# Loads and checks the configuration, and plans the campaign from it.

import os
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))

from vcperf import imports, kinds, lacking, preparation
from vcperf.campaign import checked
from vcperf.errors import VcperfError
from vcperf.tools import mpi_stacks

STARTED = time.time()


wildcard_constraints:
    testbed="[a-z]+",
    kind="|".join(kinds.NAMES),
    table="|".join(kinds.KIND_OF),
    stack="[^/]+",
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
MPI_FIGURES = ("latency_load", "latency_stacks", "ep")
# The folder of its programs -> a stack that the campaign uses.
STACKS = {
    Path(mpi_stacks.program(cell.spec["stack"], "any")).parent.name: cell.spec["stack"]
    for cell in PLAN.cells
    if "stack" in cell.spec
}
PROFILED = [cell for cell in PLAN.cells if cell.kind == "profile"]
# Shares of a node's CPU time are known where its emulator is asked.
EMULATED = any("hypervisor" in cell.spec["profiler"] for cell in PROFILED)
UNKNOWN_TABLES = () if EMULATED else ("profile_nodes",)
PROFILED_WORKLOADS = {cell.labels["workload"] for cell in PROFILED}
PROFILE_FIGURES = [
    *(["profile_images"] if "netperf" in PROFILED_WORKLOADS else []),
    *(["profile_points"] if "pingpong" in PROFILED_WORKLOADS else []),
    *(["profile_nodes"] if EMULATED else []),
]
# A flame graph a cell whose profiler keeps call stacks; of what is there or measured.
FLAMES = {
    f"{b.cell.spec['testbed']}_{b.cell.labels['pinning']}_{b.cell.title}": b.cell
    for b in CAMPAIGN.wanted()
    if b.cell.kind == "profile" and b.cell.spec["profiler"]["name"] == "perf"
}
# Curves are netperf's.
FIGURES = CAMPAIGN.figures if "netperf" in PLAN.kinds else {}
# Native against virtual: of netperf, where the campaign has a baseline.
OVERHEAD = ["overhead"] if CAMPAIGN.baseline and "netperf" in PLAN.kinds else []


def wanted_records(kind):
    """The records that a table waits for."""
    return [block.record for block in CAMPAIGN.wanted() if block.cell.kind == kind]


def tables():
    """The tables that the campaign fills."""
    names = [table for kind in PLAN.kinds for table in kinds.TABLES[kind]]
    known = [name for name in names if name not in UNKNOWN_TABLES]
    return [f"results/tables/{name}.csv" for name in [*known, *OVERHEAD]]


def claimed_tables():
    """The tables of blocks that claims are held against, by kind."""
    tables = {
        "netperf": "netperf",
        "pingpong": "pingpong",
        "profile": "profile_applications",
    }
    return {kind: tables[kind] for kind in PLAN.kinds if kind in tables}


def programs_of(wildcards):
    """What a block's measurement needs to be compiled first."""
    spec = PLAN.by_record[wildcards.cell, wildcards.block].cell.spec
    if "stack" not in spec:
        return []
    programs = []
    if "file" not in spec["program"]:  # a site's own is looked for by the block alone
        programs.append(mpi_stacks.benchmark(spec["stack"], spec["program"]))
    if "source" in spec.get("load", {}):
        programs.append(mpi_stacks.program(spec["stack"], "ep"))
    # ancient: to compile again measures nothing.
    return [ancient(program) for program in programs]


def bandwidth_of(figure):
    """The table of estimates, for a figure that shows some, when there are any."""
    if figure["bands"] and "bandwidth" in PLAN.kinds:
        return "results/tables/bandwidth.csv"
    return []


def own_points():
    """The configuration's points of the ping-pong, whatever `make points` picked."""
    profile = checked(config).get("profile", {})
    return profile.get("pingpong", {}).get("points", {})


def prepare_host():
    """Before anything runs: can this host measure, and is it free?

    Nothing of it when there is nothing to measure.
    """
    missing = [block for block in CAMPAIGN.wanted() if not os.path.exists(block.record)]
    left = len(PLAN.by_record) - len(CAMPAIGN.wanted())
    if "only" in CAMPAIGN.config and left:
        print(
            f"only {CAMPAIGN.config['only']}: {left} blocks of other testbeds are left out",
            file=sys.stderr,
        )
    try:
        preparation.check_host(CAMPAIGN, missing)
    except VcperfError as error:
        sys.exit(str(error))


def tell_missing():
    """After a failure: which blocks the campaign lacks, and why."""
    told = lacking.told(CAMPAIGN.wanted(), STARTED)
    if told:
        print(told, file=sys.stderr)
