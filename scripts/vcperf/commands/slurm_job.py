"""Runs a campaign inside an allocation of Slurm; `vcperf slurm` submits it.

scripts/on-node CHECKOUT slurm-job [--nodes N] [--ssh-config FILE] [CAMPAIGN.yaml]
"""

import argparse
import os
import signal
import subprocess
import sys

from vcperf.basics import results
from vcperf.basics.checkout import ROOT
from vcperf.commands import slurm as front
from vcperf.config import campaign_file
from vcperf.errors import VcperfError
from vcperf.preparation import allocation
from vcperf.tools import slurm

NODES = "SLURM_JOB_NODELIST"
TARGETS = ("results/figures/", "results/report.html")
EACH = "nodes"  # below it a folder for each node that measures for itself


def main(argv: list[str]) -> int:
    """Measure what is missing and draw, on the nodes of this job. Returns Snakemake's status.

    Raises VcperfError.
    """
    parser = argparse.ArgumentParser(prog="slurm-job", description=__doc__.splitlines()[0])
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN.yaml")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--ssh-config")
    parser.add_argument("--each", action="store_true", help="this node measures for itself")
    options = parser.parse_args(argv)
    if NODES not in os.environ:
        raise VcperfError(f"{NODES}: not set; this is for jobs of Slurm, submitted by `make slurm`")
    sources = campaign_file.sources_of(options.campaign)
    config = campaign_file.checked(campaign_file.merged(sources), sources)
    results.place(config.get(results.KEY))
    if options.each:
        folder = "/".join(filter(None, [config.get(results.KEY), EACH, os.uname().nodename]))
        results.place(folder)
        return snakemake(options.campaign, [f"{results.KEY}={folder}"])
    hosts = slurm.parse_hosts(front.call(slurm.hosts_argv(os.environ[NODES])))
    allocation.keep(hosts)
    if front.by_ssh(config, options.nodes):
        path = allocation.testbed_file(config, hosts, options.ssh_config)
        return snakemake(options.campaign, [f"testbed_file={path}"])
    if options.nodes == 1:
        return snakemake(options.campaign, [])
    campaign = [options.campaign] if options.campaign else []
    return run(
        [
            "srun",
            "--ntasks-per-node=1",
            "--label",
            front.SCRIPT,
            ROOT,
            "slurm-job",
            "--each",
            *campaign,
        ]
    )


def snakemake(campaign: str | None, config: list[str]) -> int:
    """Run the workflow up to its figures and report, as `make figures` does."""
    argv = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "snakemake"]
    argv += ["--logger", "vcperf", "--cores", "all"]
    argv += ["--configfile", campaign] if campaign else []
    argv += ["--config", *config] if config else []
    return run([*argv, "--", *map(results.on_disk, TARGETS)])


def run(argv: list[str]) -> int:
    """Run a command to its end. It gets the first SIGTERM of this process, at which Snakemake lets
    the block that runs finish and starts no other."""
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)

    def stop(*_: object) -> None:
        print("SIGTERM: out of time, cancelled or preempted", file=sys.stderr, flush=True)
        process.terminate()

    signal.signal(signal.SIGTERM, stop)
    return process.wait()
