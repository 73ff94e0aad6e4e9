"""What `python -m vcperf doctor` looks at where Slurm is. Nothing here changes anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from vcperf.basics.checkout import ROOT
from vcperf.commands.doctor_checks import WARN, Check
from vcperf.commands.slurm import call
from vcperf.errors import VcperfError
from vcperf.preparation import allocation
from vcperf.tools import slurm

PLUGIN = f"{ROOT}/.tools/executor/slurm/bin/python"


def of_slurm() -> Iterator[Check]:
    """Whether Slurm answers, which nodes take jobs, and why the others do not; nothing where its
    commands are not. A campaign can be measured without it, so nothing of this fails."""
    if shutil.which("sinfo") is None:
        return
    try:
        nodes = slurm.parse_nodes(call(slurm.nodes_argv()))
        partition, state = slurm.default_partition(call(slurm.partitions_argv()))
    except VcperfError:  # commands that came with another package, as a rule
        found = "no controller answers, `scontrol ping` says why; `make figures` needs none"
        yield Check("slurm", found)
        return
    well = [node.name for node in nodes if node.usable]
    found = f"{len(well)} of {len(nodes)} nodes take jobs"
    mend = "see the reasons below, or `sinfo -R`"
    yield Check("slurm", found) if well else Check("slurm", found, WARN, mend)
    mend = "name one: SBATCH=--partition=NAME for make slurm, PARTITION=NAME for make jobs"
    if not partition:
        yield Check("slurm partition", "there is no default partition", WARN, mend)
    elif state != "up":
        yield Check("slurm partition", f"{partition}, the default, is {state}", WARN, mend)
    else:
        yield Check("slurm partition", f"{partition}, the default, is up")
    for node in nodes:
        if not node.usable:
            why = node.reason or "no reason is given"
            mend = "jobs that ask for it will not start; `scontrol update` resumes it"
            yield Check(f"slurm node {node.name}", f"{node.state}: {why}", WARN, mend)
    for name in allocation.kept():
        if name not in well:
            mend = f"wait for it, or measure in another `results_in`; {allocation.KEPT} keeps it"
            found = f"this campaign began on {name}, which takes no jobs"
            yield Check("slurm nodes", found, WARN, mend)
    if os.access(PLUGIN, os.X_OK):
        yield Check("slurm plugin", PLUGIN)
    else:
        yield Check("slurm plugin", "not there yet; `make jobs` will install it from PyPI")
