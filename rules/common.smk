# Loads and checks the configuration, and plans the campaign from it.

import atexit
import contextlib
import inspect
import io
import os
import re
import shlex
import sys
import time
from pathlib import Path

from snakemake.cli import parse_args

# Of this file, not of a workflow that has this one as a module.
sys.path.insert(0, str(Path(workflow.current_basedir, "..", "scripts").resolve()))

from vcperf import kinds
from vcperf.basics import doors, results
from vcperf.basics.checkout import ROOT
from vcperf.config import files, inherit
from vcperf.config.campaign_file import DEFAULT, checked
from vcperf.errors import VcperfError
from vcperf.planning import side_by_side
from vcperf.preparation import (
    campaign,
    host_check,
    imported_modules,
    missing_blocks,
    planning_cost,
    stale_outputs,
)
from vcperf.preparation.outputs import Outputs, table_path
from vcperf.report import ending
from vcperf.running import one_run, worker
from vcperf.tools import mpi_stacks

STARTED = time.time()
ENDED_WELL = []  # filled when all jobs are done
if workflow.modifier.is_main_snakefile() and results.prefix(config.get(results.KEY)):
    # As for a module with a prefix.
    workflow.modifier.path_modifier.prefix = results.prefix(config[results.KEY])
# Snakemake puts it in front of every relative path of a rule.
os.environ[results.PREFIX] = workflow.modifier.path_modifier.prefix or ""
# In front of the files of this checkout: nothing when it is the working directory.
HERE = "" if os.path.samefile(ROOT, ".") and not results.on_disk("") else f"{ROOT}/"


wildcard_constraints:
    testbed="[a-z]+",
    kind="|".join(kinds.CARDS),
    table="|".join(kinds.KIND_OF_TABLE),
    stack="[^/]+",
    cell="[^/]+",
    block="[0-9]+",
    figure="[^/]+",


# Options with which Snakemake only looks at the campaign.
LOOKING = """dryrun lint list_rules list_target_rules print_compilation report reporter
    containerize generate_unit_tests dag rulegraph filegraph d3dag unlock cleanup_metadata
    list_conda_envs list_changes list_input_changes list_params_changes list_untracked
    summary detailed_summary""".split()


def runs_jobs():
    """Whether this call of Snakemake runs jobs, and is not itself started for one."""
    if not workflow.is_main_process:
        return False
    with contextlib.redirect_stderr(io.StringIO()):  # names its profile once more
        _, options = parse_args(None)
    if options.report_after_run:
        return not options.dryrun
    return not any(getattr(options, name) for name in LOOKING)


# Snakemake's own, empty, and used for remote jobs alone: SIGKILL would leave it behind.
with contextlib.suppress(OSError):
    workflow.snakemake_tmp_dir.rmdir()

RUNS_JOBS = runs_jobs()
if RUNS_JOBS:
    one_run.hold(results.on_disk("results"))  # before anything in it is looked at

try:
    # Files given with --configfile lie over the others, and come first in the list.
    over = len(workflow.overwrite_configfiles)
    sources = [*workflow.configfiles[over:], *workflow.overwrite_configfiles]
    if workflow.modifier.is_main_snakefile():
        above = files.merged(sources[1:])
        if above.get(inherit.KEY) is False:
            # Snakemake has merged everything; what --config gives stays on top.
            own = inherit.merged(files.read_yaml(DEFAULT), above)
            own = files.merge(own, workflow.config_settings.config)
            config.clear()
            config.update(own)
    else:
        # A module's configuration lies over the default, as a campaign file does.
        config = inherit.merged(files.read_yaml(DEFAULT), config)
        sources = [DEFAULT]
        if results.KEY in config:
            raise VcperfError(
                f"{results.KEY}: a module's results are below its `prefix`; give that"
            )
    CAMPAIGN = campaign.prepare(config, sources)
    OUTPUTS = Outputs(CAMPAIGN, checked(config))
    OUTPUTS.drawings  # refuses two figures of one name
except VcperfError as error:
    sys.exit(str(error))

PLAN = CAMPAIGN.plan
planning_cost.cut()
for resource in CAMPAIGN.resources:
    workflow.register_resource(resource, 1)
# The folder of its programs -> a stack that the campaign uses, and a testbed that uses it.
STACKS, TESTBED_OF = {}, {}
for cell in PLAN.cells:
    if "stack" in cell.spec:
        programs = Path(mpi_stacks.program(cell.spec["stack"], "any")).parent.name
        STACKS[programs] = cell.spec["stack"]
        TESTBED_OF[programs] = cell.spec["testbed"]


def records(blocks):
    """The records of blocks, as inputs.

    A record that exists is a finished block, whatever Snakemake remembers of it. With the
    flag Snakemake takes it as a plain source file: it neither measures it again nor deletes it.
    """
    return [before_update(b.record) if b.measured else b.record for b in blocks]


def records_of(table):
    """What a table waits for: its records, or of a mesh in rounds the files of rounds. One that is
    there is taken as it is where all records of the round are."""
    mesh = PLAN.mesh
    if not mesh:
        return records(OUTPUTS.blocks_of(table))
    missing = set(CAMPAIGN.rounds_missing)
    done = [mesh.done_file(number) for number in mesh.rounds if number not in missing]
    there = [
        before_update(path) for path in done if os.path.exists(results.on_disk(path))
    ]
    if CAMPAIGN.config["partial"]:
        return there
    return [*there, *(mesh.done_file(number) for number in sorted(missing))]


def mesh_file(wildcards):
    """The file that describes the mesh to the job of a round. A round that lacks a record is
    measured, whatever Snakemake remembers of it."""
    path = results.on_disk(PLAN.mesh.done_file(wildcards.round))
    if int(wildcards.round) in CAMPAIGN.rounds_missing:
        workflow.dag.forcefiles.add(path)
    return ancient(PLAN.mesh.file)


def known(function):
    """A function of a rule, its arguments with it. Snakemake asks for them again whenever it calls
    one, up to four times a job; to find them out takes longer than most calls."""
    function.__signature__ = inspect.signature(function)
    return function


@known
def programs_of(wildcards):
    """What a block's measurement needs to be compiled first; nothing when it has a record."""
    block = PLAN.by_record[wildcards.cell, wildcards.block]
    path = results.on_disk(block.record)
    if block.measured:
        # A target by its path: nothing to do, whatever Snakemake remembers of it.
        workflow.persistence.cleanup_metadata(IOFile(path))
        return []
    # As --forcerun does. Snakemake by itself would overlook a record that was deleted when
    # everything made from it is up to date.
    workflow.dag.forcefiles.add(path)
    # ancient: to compile again measures nothing.
    return [ancient(program) for program in mpi_stacks.compiled(block.cell.spec)]


@known
def order_of(wildcards):
    """A block's place among the priorities."""
    return -PLAN.by_record[wildcards.cell, wildcards.block].order


@known
def command_of(wildcards):
    """What measures a block. It is made whole here, as Snakemake fills a command in three times."""
    block = PLAN.by_record[wildcards.cell, wildcards.block]
    # exec: so that the measurement is tied to Snakemake itself. -S: the measurement needs the
    # standard library alone, and starts faster without the rest.
    start = f"exec {HERE}scripts/isolate {block.cell.spec['testbed']} python3 -S -m"
    arguments = shlex.join([block.spec_json, results.on_disk(block.record)])
    return f'{start} vcperf.measure.{block.cell.kind} {arguments} "$VCPERF_CONTEXT"'


def holding(resource):
    """Whether a block holds a node or link, as a number."""

    @known
    def holds(wildcards):
        block = PLAN.by_record[wildcards.cell, wildcards.block]
        return int(resource in CAMPAIGN.holds(block.cell))

    return holds


def cores():
    """How many cores a block takes here. On nodes elsewhere the measurement only waits. Else all:
    nothing else runs on this machine meanwhile."""
    testbeds = {host.testbed for host in CAMPAIGN.hosts}
    if not testbeds & CAMPAIGN.elsewhere:
        return workflow.cores
    if testbeds <= CAMPAIGN.elsewhere:
        return 1
    return known(
        lambda wildcards: (
            1 if wildcards.testbed in CAMPAIGN.elsewhere else workflow.cores
        )
    )


def keep_turns():
    """Where blocks are measured side by side, Snakemake's scheduler sees those alone that may start
    now. By itself it would take whatever has its nodes free, and be done early with all blocks of
    nodes that few others want. What is compiled for blocks goes first, and tables and figures last,
    as this machine may be one of the nodes.
    """
    if not CAMPAIGN.resources:
        return

    class InTurns(type(workflow.scheduler)):
        @property
        def open_jobs(self):
            ready = list(super().open_jobs)
            programs = [
                job
                for job in ready
                for one in singles(job)
                if "stack" in one.wildcards_dict
            ]
            waiting, running = units(ready), units(self.running)
            if programs or not (waiting or running):
                return programs or ready
            return [unit.what for unit in side_by_side.startable(waiting, running)]

    workflow.scheduler.__class__ = InTurns


def singles(job):
    """A job, or those of a group."""
    return job.jobs if job.is_group() else [job]


def units(jobs):
    """The measurements among jobs."""
    blocks = {
        job: [
            PLAN.by_record[one.wildcards.cell, one.wildcards.block]
            for one in singles(job)
            if "block" in one.wildcards_dict
        ]
        for job in jobs
    }
    return [CAMPAIGN.unit(found, job) for job, found in blocks.items() if found]


def stay_idle():
    """While a block runs, Snakemake only waits.

    It would look at the waiting jobs every second once more for each job that has run, with a
    thread each (snakemake issue 3804): after 1,000 blocks a third of a CPU beside every
    measurement. That serves its limit of 100 jobs a second, which no campaign meets. A limit that
    a user gives holds.
    """
    limiter = workflow.scheduler.job_rate_limiter
    if limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


def prepare_host():
    """Before anything runs: can this host measure, and is it free?

    Nothing of it when there is nothing to measure. What an earlier campaign left in the same
    folder goes, but its records.
    """
    try:
        host_check.prepare_host(CAMPAIGN)
    except VcperfError as error:
        sys.exit(str(error))
    removed = stale_outputs.remove(OUTPUTS.tables, OUTPUTS.drawings)
    if removed:
        print(removed, file=sys.stderr)


def tell_missing():
    """After a failure: which blocks the campaign lacks, and why."""
    why = missing_blocks.report(CAMPAIGN.wanted(), STARTED)
    if why:
        print(why, file=sys.stderr)


def tell_ending():
    """At the very end, below what Snakemake says: what a campaign that is complete found. One that
    has nothing left to do says it again."""
    dag = getattr(workflow, "dag", None)
    if dag is None or (len(dag) and not ENDED_WELL):
        return
    rules_used = {job.rule.name for job in dag.jobs}
    if "figures" in rules_used:
        said = ending.written(len(OUTPUTS.drawings), report="report" in rules_used)
        if said:
            print(said, file=sys.stderr)


if RUNS_JOBS and workflow.modifier.is_main_snakefile():
    atexit.register(tell_ending)
