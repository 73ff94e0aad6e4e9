"""Submits a campaign as one job of Slurm, and follows it to its end.

python -m vcperf slurm [--nodes N] [--wait SECONDS] [--ssh-config FILE] [CAMPAIGN.yaml]
                       [-- OPTION-OF-SBATCH...]
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from vcperf.basics import results
from vcperf.basics.checkout import ROOT
from vcperf.config import campaign_file
from vcperf.errors import VcperfError
from vcperf.preparation import allocation
from vcperf.tools import slurm
from vcperf.tools.slurm import Job

WAIT_S = 600.0  # for what does not come by itself
POLL_S = 1.0  # the controller is asked this often at first
POLL_MOST_S = 10.0
SILENT_S = 120.0  # so long a controller may not answer
CALL_S = 60.0  # Slurm's own programs wait less
SCRIPT = f"{ROOT}/scripts/on-node"


def main(argv: list[str]) -> int:
    """Submit, and wait for the job's end. Returns its exit status, or 1 when it was cancelled,
    timed out or could never start. Raises VcperfError."""
    own, more = _split(argv)
    parser = argparse.ArgumentParser(prog="vcperf slurm", description=__doc__.splitlines()[0])
    parser.add_argument("campaign", nargs="?", metavar="CAMPAIGN.yaml")
    parser.add_argument("--nodes", type=int, default=1, help="how many nodes to ask for (1)")
    parser.add_argument("--ssh-config", metavar="FILE", help="how nodes reach each other by ssh")
    parser.add_argument(
        "--wait",
        type=float,
        default=WAIT_S,
        metavar="SECONDS",
        help=f"for a job that cannot start as things are ({WAIT_S:g})",
    )
    options = parser.parse_args(own)
    sources = campaign_file.sources_of(options.campaign)
    config = campaign_file.checked(campaign_file.merged(sources), sources)
    results.place(config.get(results.KEY))
    by_ssh(config, options.nodes)
    script = [SCRIPT, ROOT, "slurm-job", "--nodes", str(options.nodes)]
    script += ["--ssh-config", options.ssh_config] if options.ssh_config else []
    script += [options.campaign] if options.campaign else []
    kept = allocation.kept()
    if kept and len(kept) != options.nodes:
        raise VcperfError(
            f"{results.on_disk(allocation.KEPT)}: this campaign began on {len(kept)} nodes"
            f" ({', '.join(kept)}); give NODES={len(kept)}, or another `results_in`"
        )
    os.makedirs(results.on_disk(allocation.FOLDER), exist_ok=True)
    log = results.on_disk(f"{allocation.FOLDER}/%j.log")
    number = slurm.submitted(
        call(slurm.submit_argv(script, log, "vcperf", options.nodes, kept, more))
    )
    try:
        return _follow(number, log.replace("%j", number), options.wait)
    except BaseException:
        # Whoever ends this command wants the job no more.
        call(slurm.cancel_argv([number]))
        raise


def by_ssh(config: dict[str, Any], nodes: int) -> bool:
    """Whether the campaign's nodes are the hosts of an allocation, reached by ssh; else it runs
    whole on each of them. Raises VcperfError for a campaign that names its hosts itself."""
    if "testbed_file" in config:
        raise VcperfError(
            "testbed_file: it names nodes, but the job takes those that Slurm gives"
            " it; leave it out, or use jobs that hold these nodes: make jobs"
        )
    return nodes > 1 and config["testbed"] == "native"


def call(argv: Sequence[str]) -> str:
    """What a program of Slurm prints. Raises VcperfError with its own words when it fails."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=CALL_S,
        )
    except FileNotFoundError:
        raise VcperfError(
            f"{argv[0]}: not found; run this where Slurm's commands are"
            " (Debian: package slurm-client)"
        ) from None
    except subprocess.TimeoutExpired:
        raise VcperfError(f"{argv[0]}: no answer within {CALL_S:g} s") from None
    if done.returncode:
        raise VcperfError(f"{argv[0]}: {done.stderr or done.stdout or 'no error message'}")
    return done.stdout


def _follow(number: str, log: str, wait_s: float) -> int:
    """Show what the job prints, and what it waits for, until it ends."""
    signal.signal(signal.SIGTERM, interrupt)
    said, shown, poll_s, stuck_since = "", 0, POLL_S, None
    _say(f"job {number}: submitted")
    while True:
        job = _ask(number)
        now = describe(job) if job.waits else f"{describe(job)}, see {log}"
        if now != said and not job.ended:
            _say(f"job {number}: {now}")
            said, poll_s = now, POLL_S
        shown = _show(log, shown)
        if job.ended:
            return _end(job)
        stuck_since = (stuck_since or time.monotonic()) if job.stuck else None
        if stuck_since and time.monotonic() - stuck_since >= wait_s:
            raise VcperfError(
                f"job {number}: cannot start: {job.reason}; cancelled after {wait_s:g} s. `sinfo"
                " -R` lists nodes that are down, options of sbatch can be given as SBATCH='...'"
            )
        time.sleep(poll_s)
        poll_s = min(poll_s * 1.2, POLL_MOST_S)


def _ask(number: str) -> Job:
    """The job; a controller that restarts is waited for."""
    ends = time.monotonic() + SILENT_S
    while True:
        try:
            return slurm.parse_job(call(slurm.job_argv(number)))
        except VcperfError:
            if time.monotonic() > ends:
                raise
            time.sleep(POLL_S)


def describe(job: Job) -> str:
    """The state of a job in words: where it runs, or what it waits for."""
    reason, state = job.reason.replace("_", " "), job.state.lower()
    if job.stuck:
        return f"{state}, {reason}: this does not pass by itself"
    return f"{state}, waits for: {reason}" if job.waits else f"{state} on {job.nodes}"


def _show(log: str, shown: int) -> int:
    """Print what a log has beyond some bytes; returns how many it has."""
    try:
        with open(log, "rb") as handle:
            handle.seek(shown)
            new = handle.read()
    except FileNotFoundError:
        return shown
    sys.stderr.write(new.decode(errors="replace"))
    sys.stderr.flush()
    return shown + len(new)


def _end(job: Job) -> int:
    if job.state == "COMPLETED":
        return 0
    why = "" if job.reason in ("None", job.state) else f" ({job.reason})"
    _say(
        f"job {job.number}: {job.state.lower()}{why}; finished blocks are kept, the same command"
        " measures the rest"
    )
    return job.status or 1


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def interrupt(*_: object) -> None:
    """What SIGTERM does to a command that follows jobs: the same as Ctrl-C."""
    raise KeyboardInterrupt


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Arguments before and after ``--``."""
    at = argv.index("--") if "--" in argv else len(argv)
    return argv[:at], argv[at + 1 :]
