"""Measures a campaign by jobs of a batch system, several blocks each, and draws it here.

python -m vcperf jobs [--profile FOLDER] [--blocks N] [--nodes NAME,NAME] [--partition NAME]
                      [--wait SECONDS] [CAMPAIGN.yaml]
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from vcperf.basics.checkout import ROOT
from vcperf.basics.files import write_whole
from vcperf.basics.results import PREFIX, on_disk
from vcperf.commands import slurm as front
from vcperf.config import campaign_file, files
from vcperf.errors import VcperfError, quote, suggest
from vcperf.planning.cell import Block
from vcperf.preparation import campaign, job_lists, missing_blocks
from vcperf.running import one_run
from vcperf.tools import mpi_stacks, slurm

FOLDER = "results/jobs"
BLOCKS = 20
NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
POLL_S = 2.0
TARGETS = ("results/figures/", "results/report.html")


def main(argv: list[str]) -> int:
    """Submit jobs for what is missing, wait for their end, draw. Returns 0, or 1 when blocks are
    missing at the end. Raises VcperfError."""
    parser = argparse.ArgumentParser(prog="vcperf jobs", description=__doc__.splitlines()[0])
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN.yaml")
    parser.add_argument("--profile", default=f"{ROOT}/profiles/slurm", metavar="FOLDER")
    parser.add_argument(
        "--blocks", type=int, default=BLOCKS, metavar="N", help=f"per job, at most ({BLOCKS})"
    )
    parser.add_argument(
        "--nodes", default="", metavar="NAME,NAME", help="where a testbed of one host is measured"
    )
    parser.add_argument("--partition", metavar="NAME")
    parser.add_argument("--wait", type=float, default=front.WAIT_S, metavar="SECONDS")
    options = parser.parse_args(argv)
    executor = _executor(options.profile)
    sources = campaign_file.sources_of(options.campaign)
    merged = campaign_file.merged(sources)
    ready = campaign.prepare(merged, sources)
    if ready.plan.mesh:
        raise VcperfError(
            f"{files.where(('netperf', 'paths'), sources)}: a mesh in rounds is one job of the"
            " batch system; use `make slurm`, or set mesh.rounds: false for jobs of pairs"
        )
    missing = [block for block in ready.wanted() if not block.measured]
    programs = sorted({p for b in missing for p in mpi_stacks.compiled(b.cell.spec)})
    if programs and _here(options.campaign, programs):
        raise VcperfError("programs of the campaign could not be compiled, see above")
    started = time.time()
    if missing:
        with one_run.holding(on_disk("results")):
            # Another run may have measured some of them meanwhile.
            missing = [block for block in missing if not block.measured]
            names = [name for name in options.nodes.split(",") if name]
            _by_jobs(missing, names, executor, options)
        why = missing_blocks.report(missing, started)
        if why:
            print(why, file=sys.stderr)
            return 1
    return _here(options.campaign, TARGETS)


def _executor(profile: str) -> str:
    """Snakemake's name of what the profile submits with. Raises VcperfError."""
    path = os.path.join(profile, "config.yaml")
    executor = files.read_yaml(path).get("executor")
    known = [
        file.stem.removeprefix("executor-") for file in Path(ROOT, "envs").glob("executor-*.in")
    ]
    if executor not in known:
        raise VcperfError(
            f"{path}: executor: expected one of {', '.join(sorted(known))}, which have an"
            f" environment in envs/{suggest(str(executor), known)}"
        )
    return str(executor)


def _here(campaign_path: str | None, targets: Sequence[str]) -> int:
    """Run the campaign's own workflow on this machine, for what measures nothing."""
    argv = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "snakemake"]
    argv += ["--logger", "vcperf", "--cores", "all"]
    argv += ["--configfile", campaign_path] if campaign_path else []
    return subprocess.run(
        [*argv, "--", *map(on_disk, targets)], stdin=subprocess.DEVNULL, check=False
    ).returncode


def _by_jobs(
    missing: Sequence[Block], names: list[str], executor: str, options: argparse.Namespace
) -> None:
    """Measure blocks by jobs; what they lack at the end is the caller's to see."""
    if not names and not all(map(job_lists.hosts_of, missing)):
        raise VcperfError(
            "nodes: this testbed lives on one host, and the jobs could run on any; name the nodes"
            " that should measure: NODES=name or NODES=name,name (`sinfo -N` lists them)"
        )
    for name in names:
        if not re.fullmatch(NAME, name):
            raise VcperfError(f"nodes: {quote(name)} is no name of a host")
    lists = job_lists.lists(missing, options.blocks, names, os.environ["VCPERF_CONTEXT"])
    if executor == "slurm":
        _check_nodes({host for one in lists.values() for host in one["hosts"].split(",")})
    subprocess.run([f"{ROOT}/envs/setup.sh", "executor", executor], check=True)
    folder = on_disk(FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    prefix = os.environ.get(PREFIX, "")
    for name, content in lists.items():
        with write_whole(f"{folder}/{name}.json") as handle:
            json.dump({"prefix": prefix, **content}, handle)
    print(f"{len(missing)} blocks to measure in {len(lists)} jobs", file=sys.stderr, flush=True)
    label = f"vcperf-{uuid.uuid4().hex[:8]}"
    process = subprocess.Popen(
        _argv(options, executor, folder, label), stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _watch(process, executor, label, options.wait)
    except BaseException:
        process.send_signal(signal.SIGINT)  # it cancels its jobs, and ends
        process.wait()
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _argv(options: argparse.Namespace, executor: str, folder: str, label: str) -> list[str]:
    argv = ["setpriv", "--pdeathsig", "TERM", f"{ROOT}/.tools/executor/{executor}/bin/python"]
    argv += ["-m", "snakemake", "--snakefile", f"{ROOT}/rules/jobs.smk", "--quiet", "all"]
    argv += ["--workflow-profile", options.profile]
    if executor == "slurm":
        argv += ["--slurm-jobname-prefix", label]
        if options.partition:
            argv += ["--default-resources", f"slurm_partition={options.partition}"]
    return [*argv, "--config", f"folder={folder}", f"checkout={ROOT}"]


def _check_nodes(hosts: set[str]) -> None:
    """Refuse names that Slurm does not know."""
    known = [node.name for node in slurm.parse_nodes(front.call(slurm.nodes_argv()))]
    for host in sorted(hosts - set(known)):
        raise VcperfError(
            f"node {host}: Slurm has none of this name{suggest(host, known)}; hosts of a testbed"
            " file must have Slurm's names as their ssh destinations"
        )


def _watch(process: subprocess.Popen[bytes], executor: str, label: str, wait_s: float) -> None:
    """Wait for Snakemake; say what jobs wait for, and cancel one that cannot start.

    Raises VcperfError when Slurm's controller has not answered for `wait_s`.
    """
    signal.signal(signal.SIGTERM, front.interrupt)
    said: dict[str, str] = {}
    since: dict[str, float] = {}
    silent_since: float | None = None
    while True:
        try:
            process.wait(POLL_S)
            return
        except subprocess.TimeoutExpired:
            pass
        try:
            jobs = _jobs(label) if executor == "slurm" else []
            silent_since = None
        except VcperfError as fault:
            now_s = time.monotonic()
            if silent_since is None:
                silent_since = now_s
                line = "Slurm's controller does not answer; jobs that run go on, waiting for it"
                print(line, file=sys.stderr, flush=True)
            elif now_s - silent_since >= wait_s:
                raise VcperfError(
                    f"Slurm's controller has not answered for {wait_s:g} s ({fault}); what its jobs"
                    " still measure is kept: run the same again when it is back"
                ) from None
            continue
        for job in jobs:
            now = front.describe(job)
            if now != said.get(job.number):
                print(f"job {job.number}: {now}", file=sys.stderr, flush=True)
                said[job.number] = now
            if not job.stuck:
                since.pop(job.number, None)
            elif time.monotonic() - since.setdefault(job.number, time.monotonic()) >= wait_s:
                print(
                    f"job {job.number}: cannot start: {job.reason}; cancelled after {wait_s:g} s",
                    file=sys.stderr,
                    flush=True,
                )
                front.call(slurm.cancel_argv([job.number]))


def _jobs(label: str) -> list[slurm.Job]:
    """The jobs of this run. Raises VcperfError while the controller does not answer."""
    return slurm.parse_waiting(front.call(slurm.waiting_argv()), label)
