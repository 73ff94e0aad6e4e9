"""Testbed `native` on hosts reached by ssh: each domain a set of plain processes on its
node, held to its CPUs. The baseline for virtual machines on the same nodes."""

from __future__ import annotations

import re

from vcperf.basics import cpulist
from vcperf.errors import VcperfError
from vcperf.records.platform import EMULATED
from vcperf.testbeds import processes
from vcperf.testbeds.remote import RemoteTestbed
from vcperf.testbeds.ssh import HERE, destination

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from vcperf.records.observation import Observation
    from vcperf.testbeds import contract
    from vcperf.testbeds.contract import Pinning
    from vcperf.testbeds.remote_sessions import Session

ANCHOR = ["sleep", "86400"]
TICKS_PER_S = 100  # where there is no getconf: what Linux has on nearly every machine
# A line of what sh's `times` prints: user and system time, here of its children.
TIMES = re.compile(r"(\d+)m([\d.]+)s (\d+)m([\d.]+)s")
# Xen's control domain has a UUID of zeros, other domains one of their own; the kernel's
# Documentation/ABI/stable/sysfs-hypervisor-xen.
DOM0_UUID_FILE = "/sys/hypervisor/uuid"
ALLOWED = "Cpus_allowed_list:"  # proc(5), /proc/PID/status
HEADS = [["cat", "/proc/uptime"], ["head", "-n", "1", "/proc/stat"]]
# Of all processes: those of each command are found among them.
PROCESSES = [
    ["sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null; true"],
    ["sh", "-c", f"grep {ALLOWED} /proc/[0-9]*/status 2>/dev/null; true"],
]


class HostsTestbed(RemoteTestbed):
    """Domains that are nothing but their CPUs, on nodes reached by ssh."""

    name = "native"
    isolation = "none"

    def __init__(self, spec: dict[str, Any], context: dict[str, Any]) -> None:
        super().__init__(spec, context)
        self.cpus = {
            domain: sorted({cpu for vcpu in vcpus for cpu in vcpu})
            for node in self.nodes.values()
            for domain, vcpus in node["domains"].items()
        }
        self._ended = dict.fromkeys(self.cpus, 0.0)
        self._masks: dict[str, list[str]] = {domain: [] for domain in self.cpus}

    @staticmethod
    def place(
        node: dict[str, Any], dom0: str, domains: Iterable[str]
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """All domains are the node, with dom0's address."""
        ssh = destination(node)
        end = {"ssh": ssh, "address": node["domains"][dom0]["address"]}
        return {"ssh": ssh}, dict.fromkeys(domains, end)

    def host(self, domain: str) -> str:
        """The domain's node, be it an end of the path or not."""
        return next(str(n["ssh"]) for n in self.nodes.values() if domain in n["domains"])

    def bring_up(self) -> None:
        """Ask the nodes what they are; start a process in each domain that does nothing
        but be held to its CPUs."""
        heads = [["uname", "-nrm"], ["getconf", "CLK_TCK"], ["cat", DOM0_UUID_FILE]]
        answers = self.ssh.ask_once({node["ssh"]: heads for node in self.nodes.values()})
        for host, answer in answers.items():
            if is_dom0(answer[2][1]):
                raise VcperfError(f"{host}: runs under Xen; boot it without, to be a baseline")
        self._heads = {host: a[0][1].split() for host, a in answers.items()}
        self._tick = {
            host: int(a[1][1]) if a[1][0] == 0 else TICKS_PER_S for host, a in answers.items()
        }
        for domain in self.cpus:
            self.sessions.start(domain, ANCHOR)

    def pin(self) -> None:
        """Nothing: what runs in a domain is held to its CPUs as it starts."""

    def enter_argv(self, domain: str) -> list[str]:
        """Hold what follows to the domain's CPUs."""
        return ["taskset", "-c", ",".join(map(str, self.cpus[domain]))]

    def wanted_pinning(self) -> Pinning:
        """The CPUs of each domain. Processes have no VCPUs: one entry per domain."""
        return {domain: [cpus] for domain, cpus in self.cpus.items()}

    def observe(self) -> Observation:
        """Pinning, CPU time and noise now, to the clock tick.

        Pinning is what the kernel allows the processes that run in a domain, and what it
        allowed the sessions of those that have ended since the last look.
        """
        with self.sessions.guard:
            return self._observe(list(self.sessions.live))

    def _observe(self, sessions: list[Session]) -> Observation:
        questions = {node["ssh"]: [*HEADS, *PROCESSES] for node in self.nodes.values()}
        clocks: dict[str, float] = {}
        hosts: dict[str, Any] = {}
        ticks: dict[str, dict[int, int]] = {}
        masks: dict[str, dict[int, list[str]]] = {}
        for host, texts in self.ssh.batch(questions).items():
            uptime, cpu, stats, allowed = (text for _, text in texts)
            clocks[host] = float(uptime.split()[0])
            hosts[host] = processes.stat_cpu(cpu, self._tick[host])
            roots = {session.pid for session in sessions if session.record["host"] == host}
            ticks[host], commands = _ticks(stats, roots)
            masks[host] = _masks(allowed, commands)
        used = dict(self._ended)
        for session in sessions:
            domain, host = session.record["domain"], session.record["host"]
            used[domain] += ticks[host].get(session.pid, 0) / self._tick[host]
            self._masks[domain] += masks[host].get(session.pid, [])
        for host, cpu in hosts.items():
            own = sum(seconds for domain, seconds in used.items() if self.host(domain) == host)
            cpu |= {"clock_s": clocks[host], "own_s": own}
        seen, self._masks = self._masks, {domain: [] for domain in self.cpus}
        for domain in (domain for domain, lines in seen.items() if not lines):
            raise VcperfError(
                f"domain {domain}: {self.host(domain)}: nothing runs in it any more; was it killed,"
                " or its connection lost?"
            )
        return {
            "pinning": {domain: _cpu_lists(lines) for domain, lines in seen.items()},
            "domains": {
                domain: {"clock_s": clocks[self.host(domain)], "cpu_s": seconds}
                for domain, seconds in used.items()
            },
            "hosts": {**hosts, **self.observe_this_machine()},
        }

    def ended(self, session: Session) -> None:
        """Keep a command's CPU time and pinning as it ends."""
        record = session.record
        *_, children = TIMES.findall(record["session"])
        user_min, user, system_min, system = map(float, children)
        self._ended[record["domain"]] += 60 * (user_min + system_min) + user + system
        self._masks[record["domain"]].append(record["session"])

    def facts(self) -> dict[str, Any]:
        """Host names and kernels."""
        nodes = {}
        for name, node in self.nodes.items():
            hostname, kernel, machine = self._heads[node["ssh"]]
            nodes[name] = {"host": hostname, "kernel": kernel, "machine": machine}
        emulated = f", {EMULATED}" if self.emulators() else ""
        here = {node["ssh"] for node in self.nodes.values()} == {HERE}
        where = HERE if here else "hosts reached by ssh"
        return {
            "host": "+".join(sorted(node["host"] for node in nodes.values())),
            "kernel": "+".join(sorted({node["kernel"] for node in nodes.values()})),
            "platform": f"plain processes on {where}{emulated}",
            "nodes": nodes,
        }


def is_dom0(uuid: str) -> bool:
    """Whether this is what a kernel says of its domain when that is Xen's dom0.

    >>> is_dom0("00000000-0000-0000-0000-000000000000"), is_dom0("")
    (True, False)
    """
    return set(uuid.strip()) == {"0", "-"}


def _ticks(stats: str, roots: set[int]) -> tuple[dict[int, int], dict[int, int]]:
    """CPU time by command, in ticks, with that of children that were waited for; and the
    command of each process.

    Args:
        stats: /proc/PID/stat of all processes.
        roots: the commands' own processes. What they start is theirs, in separate sessions
            as well (MPICH's ranks); what has lost its parent is found by its session.

    Format: proc(5), /proc/PID/stat: after the name in parentheses state, parent, group,
    session; from the 12th on user, system, and both of the children.
    """
    rows = {}
    for line in stats.splitlines():
        head, _, rest = line.rpartition(")")
        fields = rest.split()
        if len(fields) > 14:
            rows[int(head.split()[0])] = fields
    ticks = dict.fromkeys(roots, 0)
    commands: dict[int, int] = {}
    for pid, fields in rows.items():
        above = pid
        while above in rows and above not in roots:
            above = int(rows[above][1])
        command = above if above in roots else int(fields[3])
        if command in roots:
            commands[pid] = command
            ticks[command] += sum(map(int, fields[11:15]))
    return ticks, commands


def _masks(allowed: str, commands: dict[int, int]) -> dict[int, list[str]]:
    """Lines of /proc/PID/status on the allowed CPUs, by command.

    Args:
        allowed: what grep printed: one line per file, /proc/PID/status ahead of it.
        commands: process -> command.
    """
    masks: dict[int, list[str]] = {}
    for line in allowed.splitlines():
        path, _, text = line.partition(":")
        command = commands.get(int(path.split("/")[2])) if path.count("/") > 2 else None
        if command is not None:
            masks.setdefault(command, []).append(text)
    return masks


def _cpu_lists(texts: list[str]) -> list[list[int]]:
    """The different CPU lists among lines of /proc/PID/status."""
    lists = {line.split()[1] for text in texts for line in text.splitlines() if ALLOWED in line}
    return sorted(map(cpulist.parse, lists))


if TYPE_CHECKING:  # mypy holds the class to the contract
    _class: type[contract.SshClass] = HostsTestbed
    _opened: type[contract.Testbed] = HostsTestbed
