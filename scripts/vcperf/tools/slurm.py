"""Slurm's command lines, and what they print. Nothing here starts a program.

Formats: the manual pages sbatch(1), scontrol(1), squeue(1) and sinfo(1) of Slurm 22.05; the reasons
of waiting jobs are in squeue(1), JOB REASON CODES.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vcperf.errors import VcperfError, quote

# Reasons that pass by themselves: other jobs end, a time comes, a limit on what runs at once.
PASSING = re.compile(
    r"None|Resources|Priority|BeginTime|Dependency|Cleaning|Prolog|Licenses|Reservation"
    r"|.*(Grp|PerUser|PerAccount|MaxJobs|MaxSubmit|TaskLimit).*"
    r"|ReqNodeNotAvail,[ _](UnavailableNodes:|May[ _]be[ _]reserved[ _]for[ _]other[ _]job)"
)
WAITING = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESIZING")
RUNNING = ("RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT")
DOWN = re.compile(r"\*|down|drain|fail|maint|unk|no_respond|power|reboot|inval")


@dataclass(frozen=True)
class Job:
    """A job as the controller knows it.

    Args:
        number: its number.
        state: such as ``PENDING``.
        reason: why it waits or has ended, in Slurm's words.
        nodes: the nodes that it has, in Slurm's short form; empty for none.
        status: the exit status of its script.
    """

    number: str
    state: str
    reason: str
    nodes: str
    status: int

    @property
    def waits(self) -> bool:
        """Whether it has no node yet, or none again."""
        return self.state in WAITING

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs or will run."""
        return self.state not in WAITING + RUNNING

    @property
    def stuck(self) -> bool:
        """Whether it waits for what does not come by itself."""
        return self.waits and not PASSING.fullmatch(self.reason)


@dataclass(frozen=True)
class Node:
    """A node as the controller knows it.

    Args:
        name: its name.
        state: such as ``idle``.
        reason: why it takes no jobs, in its administrator's words; empty without one.
        cpus: how many it has.
    """

    name: str
    state: str
    reason: str
    cpus: int

    @property
    def usable(self) -> bool:
        """Whether jobs can start there, now or when others have ended."""
        return not DOWN.search(self.state)


def submit_argv(
    script: Sequence[str],
    log: str,
    name: str,
    nodes: int,
    nodelist: Sequence[str] = (),
    more: Sequence[str] = (),
) -> list[str]:
    """The command line that submits a campaign.

    Args:
        script: a script and its arguments.
        log: the file for what it prints; it may hold ``%j``, the job's number.
        name: what `squeue` calls it.
        nodes: how many nodes it has for itself.
        nodelist: which; empty for any.
        more: further options of sbatch, which go before these.

    Requeued, it goes on in the same log. A minute before its time ends the script gets SIGTERM, so
    that the block that runs then can finish.
    """
    argv = ["sbatch", "--parsable", "--exclusive", "--requeue", "--open-mode=append"]
    argv += [f"--job-name={name}", f"--output={log}", "--signal=B:TERM@60", f"--nodes={nodes}"]
    if nodelist:
        argv.append(f"--nodelist={','.join(nodelist)}")
    return [*argv, *more, *script]


def submitted(text: str) -> str:
    """The job's number from what ``sbatch --parsable`` printed.

    >>> submitted("17;cluster")
    '17'
    """
    number = text.strip().partition(";")[0].rpartition("\n")[2]
    if not number.isdigit():
        raise VcperfError(f"sbatch: no job number in {quote(text)}")
    return number


def job_argv(number: str) -> list[str]:
    """The command line that asks for one job."""
    return ["scontrol", "show", "job", "--oneliner", number]


def parse_job(text: str) -> Job:
    """One job from what `job_argv` prints. Raises VcperfError when that is something else.

    >>> parse_job("JobId=1 JobName=a JobState=PENDING Reason=BadConstraints ExitCode=0:0 NodeList=")
    Job(number='1', state='PENDING', reason='BadConstraints', nodes='', status=0)
    """
    found = dict(re.findall(r"(\w+)=(\S*)", text))
    try:
        status, _, signal = found["ExitCode"].partition(":")
        return Job(
            number=found["JobId"],
            state=found["JobState"],
            reason=found["Reason"],
            nodes="" if found["NodeList"] == "(null)" else found["NodeList"],
            status=int(status) or (128 + int(signal) if int(signal) else 0),
        )
    except (KeyError, ValueError):
        raise VcperfError(f"scontrol: expected one job, not {quote(text)}") from None


def waiting_argv() -> list[str]:
    """The command line that lists the user's jobs; see `parse_waiting`."""
    return ["squeue", "--noheader", "--me", "--states=all", "--format=%i|%j|%T|%r|%N"]


def parse_waiting(text: str, prefix: str) -> list[Job]:
    """The jobs whose names begin with a prefix, from what `waiting_argv` prints.

    >>> parse_waiting("7|ours_1|PENDING|PartitionNodeLimit|", "ours")[0].stuck
    True
    """
    jobs = []
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) == 5 and fields[1].startswith(prefix):
            number, _, state, reason, nodes = fields
            jobs.append(Job(number, state, reason, nodes, 0))
    return jobs


def cancel_argv(numbers: Iterable[str]) -> list[str]:
    """The command line that cancels jobs."""
    return ["scancel", *numbers]


def hosts_argv(nodelist: str) -> list[str]:
    """The command line that writes out a list of nodes such as ``node[0-3]``."""
    return ["scontrol", "show", "hostnames", nodelist]


def parse_hosts(text: str) -> list[str]:
    """The nodes that `hosts_argv` prints. Raises VcperfError when there is none."""
    hosts = text.split()
    if not hosts:
        raise VcperfError("scontrol: no nodes in this allocation")
    return hosts


def nodes_argv() -> list[str]:
    """The command line that lists all nodes; see `parse_nodes`."""
    return ["sinfo", "--noheader", "--Node", "--format=%N|%T|%c|%E"]


def partitions_argv() -> list[str]:
    """The command line that lists partitions; see `default_partition`."""
    return ["sinfo", "--noheader", "--format=%P|%a"]


def default_partition(text: str) -> tuple[str, str]:
    """Name and state of the partition that jobs get, from what `partitions_argv` prints; both
    empty when there is none.

    >>> default_partition("urgent|up\\nall*|down\\n")
    ('all', 'down')
    """
    for line in text.splitlines():
        name, _, state = line.partition("|")
        if name.endswith("*"):
            return name.removesuffix("*"), state
    return "", ""


def parse_nodes(text: str) -> list[Node]:
    """The nodes of what `nodes_argv` prints, once each. Raises VcperfError on other text.

    >>> parse_nodes("node0|drained|2|bad fan")
    [Node(name='node0', state='drained', reason='bad fan', cpus=2)]
    """
    nodes: dict[str, Node] = {}
    for line in text.splitlines():
        name, *fields = line.split("|", 3)
        if len(fields) != 3 or not fields[1].rstrip("+").isdigit():
            raise VcperfError(f"sinfo: expected NODE|STATE|CPUS|REASON, not {quote(line)}")
        state, cpus, reason = fields
        nodes[name] = Node(name, state, "" if reason == "none" else reason, int(cpus.rstrip("+")))
    return list(nodes.values())
